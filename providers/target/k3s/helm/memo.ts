import { TargetFault, z } from '../../../../core/plugin/index.js';
import type { KubernetesObject, ObjectKey } from '../kubernetes.js';
import { type Mark, marks, marksOf, readMark, releaseKey } from '../marks.js';
import type { Values } from './values.js';

const goal = z.object({
  /** Digest of the component. */
  applied: z.string(),
  /** As the deployment says it. */
  revision: z.string(),
  chart: z.object({ chart: z.string(), version: z.string().optional() }),
  values: z.record(z.string(), z.json()),
});
/** What a release is to be, or was. */
export type Goal = z.output<typeof goal>;

const content = z.object({
  format: z.literal(1),
  way: z.enum(['controller', 'cli']),
  release: z.string(),
  goal,
  /** Whether the goal was seen to run. */
  ran: z.boolean().optional(),
  /** Nothing of that name was somebody else's when the goal was set: what there is of it is ours. */
  claimed: z.boolean().default(false),
  /** What ran before that. */
  good: goal.optional(),
  /** The release's newest finished revision when the goal was set: what fulfils it is newer. */
  after: z.number().default(0),
  /** Why the goal was not reached, when that was tried. */
  trouble: z.string().optional(),
});

/**
 * What we keep of a component in the cluster: a Secret beside its release, for values may be secrets. Whether the release
 * is as it says is told by Helm's own records alone.
 */
export interface Memo extends z.output<typeof content> {
  readonly mark: Mark;
  readonly namespace: string;
}

/** What a release is called, and whose it is to be. */
export type Claim = Pick<Memo, 'mark' | 'release' | 'namespace' | 'claimed'>;

export const memoType = 'tutti.dev/helm-release.v1';

export function memoKey(mark: Pick<Mark, 'owner' | 'application' | 'component'>, namespace: string): ObjectKey {
  const name = `tutti-helm-${releaseKey(mark.owner, mark.application.id, mark.component)}`;
  return { apiVersion: 'v1', kind: 'Secret', namespace, name };
}

export function writtenMemo({ mark, namespace, ...kept }: Memo): KubernetesObject {
  const { name } = memoKey(mark, namespace);
  return {
    apiVersion: 'v1',
    kind: 'Secret',
    metadata: { name, namespace, ...marksOf(mark) },
    type: memoType,
    data: { memo: Buffer.from(JSON.stringify(content.parse(kept))).toString('base64') },
  };
}

/** Whose memo a Secret is; nothing for one that is none of ours: not every Secret with our marks is what we have written. */
export function memoMark({ metadata, type }: KubernetesObject): Mark | undefined {
  const mark = readMark(metadata);
  if (mark === undefined || type !== memoType) return undefined;
  return metadata.name === memoKey(mark, '').name ? mark : undefined;
}

/** Nothing for a Secret that is none of ours. @throws TargetFault `platform` when it is one and damaged */
export function readMemo(secret: KubernetesObject): Memo | undefined {
  const mark = memoMark(secret);
  if (mark === undefined) return undefined;
  const { name, namespace = 'default' } = secret.metadata;
  try {
    const data = (secret['data'] as { readonly memo?: string } | undefined)?.memo ?? '';
    return { ...content.parse(JSON.parse(Buffer.from(data, 'base64').toString())), mark, namespace };
  } catch (cause) {
    const what = `Secret ${namespace}/${name}, which says what ${mark.component} is, cannot be read; delete it and deploy again`;
    throw new TargetFault('platform', what, true, { cause });
  }
}

/** The labels on Helm's own records by which a release is known as ours, and as of which goal. */
export function releaseLabels(mark: Pick<Mark, 'owner' | 'application' | 'component'>, applied: string) {
  return {
    [marks.owner]: mark.owner,
    [marks.release]: releaseKey(mark.owner, mark.application.id, mark.component),
    [digestLabel]: shortDigest(applied),
  };
}

/** A label holds 63 letters, and a digest has 64. */
export const shortDigest = (applied: string): string => applied.slice(0, 40);
const digestLabel = 'tutti.dev/digest';

/** Which of the goals a revision of the release is by its labels; nothing where it is another's. */
export function goalOf(labels: Readonly<Record<string, string>>, { goal, good }: Pick<Memo, 'goal' | 'good'>) {
  return [goal, good].find((each) => each !== undefined && labels[digestLabel] === shortDigest(each.applied));
}

/** Values as the form of a memo has them. */
export function plainValues(values: Values): Goal['values'] {
  return JSON.parse(JSON.stringify(values)) as Goal['values'];
}
