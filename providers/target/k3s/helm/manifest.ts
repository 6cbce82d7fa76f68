import { parseAllDocuments } from 'yaml';
import { z } from '../../../../core/plugin/index.js';
import type { ObjectKey } from '../kubernetes.js';

const object = z.looseObject({
  apiVersion: z.string(),
  kind: z.string(),
  metadata: z.looseObject({
    name: z.string(),
    namespace: z.string().optional(),
    annotations: z.record(z.string(), z.unknown()).nullish(),
  }),
});
export type ManifestObject = z.output<typeof object>;

/** The objects of a release's manifest; what is none, such as an empty document, is left out. */
export function manifestObjects(manifest: string): ManifestObject[] {
  return parseAllDocuments(manifest, { strict: false, uniqueKeys: false })
    .map((document) => object.safeParse(plain(document)).data)
    .filter((each) => each !== undefined);
}

function plain(document: { toJS(): unknown }): unknown {
  try {
    return document.toJS();
  } catch {
    // The library's own limit on how often aliases may be followed: a manifest is text of whoever made the chart.
    return undefined;
  }
}

/** Those that have to be there as long as the release is: a Job may have gone after its time. */
const lasting = new Set(['Deployment', 'StatefulSet', 'DaemonSet', 'CronJob']);

export function expectedWorkloads(manifest: string, namespace: string): ObjectKey[] {
  return manifestObjects(manifest)
    .filter(({ kind }) => lasting.has(kind))
    .map(({ apiVersion, kind, metadata }) => ({
      apiVersion,
      kind,
      name: metadata.name,
      namespace: metadata.namespace ?? namespace,
    }));
}

const keep = { 'helm.sh/resource-policy': 'keep' };

/**
 * A manifest whose volume claims Helm leaves where they are when it uninstalls it: Helm goes by the manifest that it has
 * stored, not by the objects.
 *
 * @returns nothing where there is nothing to change
 */
export function keepingVolumes(manifest: string): string | undefined {
  const objects = manifestObjects(manifest);
  const deleted = objects.some(
    ({ kind, metadata }) => isClaim(kind) && metadata.annotations?.['helm.sh/resource-policy'] !== 'keep',
  );
  if (!deleted) return undefined;
  return (
    objects
      .map((each) => {
        if (!isClaim(each.kind)) return each;
        return { ...each, metadata: { ...each.metadata, annotations: { ...each.metadata.annotations, ...keep } } };
      })
      // JSON, for in YAML it depends on the reader what is text: `yes`, `0x10`.
      .map((each) => `---\n${JSON.stringify(each)}\n`)
      .join('')
  );
}

const isClaim = (kind: string): boolean => kind === 'PersistentVolumeClaim';
