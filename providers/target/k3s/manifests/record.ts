import { gunzipSync, gzipSync } from 'node:zlib';
import { TargetFault, z } from '../../../../core/plugin/index.js';
import type { KubernetesObject, ObjectKey } from '../kubernetes.js';
import { type Mark, marksOf, readMark, releaseKey } from '../marks.js';

const key = z.object({
  apiVersion: z.string(),
  kind: z.string(),
  namespace: z.string().optional(),
  name: z.string(),
}) as z.ZodType<ObjectKey>;

const revision = z.object({
  /** As the deployment says it. */
  revision: z.string(),
  /** Digest of the component. */
  applied: z.string(),
  /** As they were applied, so that it can be gone back to without a registry. */
  objects: z.array(z.looseObject({})) as unknown as z.ZodType<readonly KubernetesObject[]>,
});
export type Revision = z.output<typeof revision>;

const content = z.object({
  format: z.literal(1),
  /** `pending` before anything is changed, `deployed` when all of it is applied. */
  state: z.enum(['pending', 'deployed', 'removing']),
  current: revision.optional(),
  /** Whether the current one was seen to run. */
  ran: z.boolean().default(false),
  /** The last one that ran before the current one. */
  previous: revision.optional(),
  /** Everything that may be there of it, in the order in which it was made. */
  inventory: z.array(key),
});
export type RecordContent = z.output<typeof content>;

/** What we keep of a component in the cluster: a Secret in its namespace, for manifests may hold secrets. */
export interface ReleaseRecord extends RecordContent {
  readonly mark: Mark;
  readonly namespace: string;
}

/** What can be gone back to when something else than what there is does not come to run: the last one that ran. */
export function lastGood(
  { current, ran, previous }: Pick<RecordContent, 'current' | 'ran' | 'previous'>,
  { applied, presentRuns }: { readonly applied: string; readonly presentRuns: boolean },
): Revision | undefined {
  return current !== undefined && current.applied !== applied && (ran || presentRuns) ? current : previous;
}

export const recordName = (owner: string, applicationId: string, component: string): string =>
  `tutti-release-${releaseKey(owner, applicationId, component)}`;

const type = 'tutti.dev/release.v1';
/** Of what a Secret may hold (1 MiB), the rest being for its marks. */
const largest = 1_000_000;

/** @throws TargetFault `invalid` when it is too large for the cluster to keep */
export function writtenRecord(record: ReleaseRecord): KubernetesObject {
  const { mark, namespace, ...kept } = record;
  const packed = gzipSync(JSON.stringify(content.parse(kept))).toString('base64');
  if (packed.length > largest) {
    const what = `${mark.component}: its manifests are ${packed.length} bytes when packed; the cluster keeps ${largest}`;
    throw new TargetFault('invalid', what, false);
  }
  return {
    apiVersion: 'v1',
    kind: 'Secret',
    metadata: { name: recordName(mark.owner, mark.application.id, mark.component), namespace, ...marksOf(mark) },
    type,
    data: { record: Buffer.from(packed).toString('base64') },
  };
}

/** Whose record a Secret is; nothing for one that is none of ours: not every Secret with our marks is what we have written. */
export function recordMark({ metadata, type: is }: KubernetesObject): Mark | undefined {
  const mark = readMark(metadata);
  if (mark === undefined || is !== type) return undefined;
  return metadata.name === recordName(mark.owner, mark.application.id, mark.component) ? mark : undefined;
}

/** Nothing for a Secret that is no record of ours. @throws TargetFault `platform` when it is one and damaged */
export function readRecord(secret: KubernetesObject): ReleaseRecord | undefined {
  const mark = recordMark(secret);
  if (mark === undefined) return undefined;
  const { name, namespace = 'default' } = secret.metadata;
  try {
    const data = (secret['data'] as { readonly record?: string } | undefined)?.record ?? '';
    const packed = Buffer.from(Buffer.from(data, 'base64').toString(), 'base64');
    const kept = content.parse(JSON.parse(gunzipSync(packed).toString()));
    return { ...kept, mark, namespace };
  } catch (cause) {
    const what = `Secret ${namespace}/${name}, which says what ${mark.component} is, cannot be read; delete it and deploy again`;
    throw new TargetFault('platform', what, true, { cause });
  }
}
