import { parseAllDocuments } from 'yaml';
import { z } from '../../../../core/plugin/index.js';
import { tooDeepAt } from '../../../../core/yaml/index.js';
import type { ObjectKey } from '../kubernetes.js';
import { isWorkload } from '../workloads.js';

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

/** Helm makes what is in it, not the list. */
const list = z.looseObject({ kind: z.string().endsWith('List'), items: z.array(z.unknown()) });

/**
 * The objects of a release's manifest; what is none, such as an empty document, is left out.
 *
 * @returns nothing where it cannot be read: its text is whatever a chart makes of its values
 */
export function manifestObjects(manifest: string): ManifestObject[] | undefined {
  return documents(manifest)
    ?.flatMap(flattened)
    .map((each) => object.safeParse(each).data)
    .filter((each) => each !== undefined);
}

function documents(manifest: string): unknown[] | undefined {
  if (tooDeepAt(manifest) !== undefined) return undefined;
  const all = parseAllDocuments(manifest, { strict: false, uniqueKeys: false, merge: true });
  if (all.some(({ errors }) => errors.length > 0)) return undefined;
  try {
    return all.map((document): unknown => document.toJS()).filter((each) => each !== null);
  } catch {
    // The library's own limit on how often aliases may be followed.
    return undefined;
  }
}

function flattened(value: unknown): unknown[] {
  return list.safeParse(value).data?.items.flatMap(flattened) ?? [value];
}

/** Those that have to be there as long as the release is: a Job may have gone after its time. */
const lasting = new Set(['Deployment', 'StatefulSet', 'DaemonSet', 'CronJob']);

/** @returns nothing where that cannot be known */
export function expectedWorkloads(manifest: string, namespace: string): ObjectKey[] | undefined {
  return manifestObjects(manifest)
    ?.filter(({ kind }) => lasting.has(kind))
    .map(({ apiVersion, kind, metadata }) => ({
      apiVersion,
      kind,
      name: metadata.name,
      namespace: metadata.namespace ?? namespace,
    }));
}

/** Where a manifest's workloads are, Jobs too, besides the release's own namespace. */
export function workloadNamespaces(manifest: string): string[] {
  const found = (manifestObjects(manifest) ?? []).filter(isWorkload);
  return [...new Set(found.flatMap(({ metadata }) => metadata.namespace ?? []))];
}

/** The first of some manifests, with those objects of the others that it has not; as it is where one cannot be read. */
export function joinedManifest([first = '', ...others]: readonly string[]): string {
  const known = manifestObjects(first);
  const more = others.map(manifestObjects);
  if (known === undefined || more.includes(undefined)) return first;
  const names = new Set(known.map(nameOf));
  const added = more
    .flatMap((each) => each ?? [])
    .filter((each) => {
      const isNew = !names.has(nameOf(each));
      names.add(nameOf(each));
      return isNew;
    });
  return [first, ...added.map(written)].join('\n');
}

/** Whatever version of its kind it is asked for in. */
function nameOf({ apiVersion, kind, metadata }: ManifestObject): string {
  const group = apiVersion.includes('/') ? apiVersion.split('/')[0] : '';
  return JSON.stringify([group, kind, metadata.namespace ?? '', metadata.name]);
}

/** JSON, for in YAML it depends on the reader what is text: `yes`, `0x10`. */
const written = (value: unknown): string => `---\n${JSON.stringify(value)}\n`;

const claimKind = 'PersistentVolumeClaim';
const claim = z.looseObject({
  kind: z.literal(claimKind),
  metadata: z.looseObject({ annotations: z.record(z.string(), z.unknown()).nullish() }),
});

/**
 * A manifest whose volume claims Helm leaves where they are when it uninstalls it: Helm goes by the manifest that it has
 * stored, not by the objects.
 *
 * @returns nothing where there is nothing to change; `unreadable` where there may be
 */
export function keepingVolumes(manifest: string): string | 'unreadable' | undefined {
  if (!manifest.includes(claimKind)) return undefined;
  const all = documents(manifest);
  if (all === undefined) return 'unreadable';
  const kept = all.map(keeping);
  const [before, after] = [all, kept].map((each) => each.map(written).join(''));
  return before === after ? undefined : after;
}

function keeping(value: unknown): unknown {
  const several = list.safeParse(value).data;
  if (several !== undefined) return { ...several, items: several.items.map(keeping) };
  const found = claim.safeParse(value).data;
  if (found === undefined) return value;
  const annotations = { ...found.metadata.annotations, 'helm.sh/resource-policy': 'keep' };
  return { ...found, metadata: { ...found.metadata, annotations } };
}
