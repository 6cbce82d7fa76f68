import type { Clock, Logger } from '../../../../core/plugin/index.js';
import { type Cluster, collection } from '../cluster.js';
import type { KubernetesObject, ObjectKey, ResourceType } from '../kubernetes.js';
import { shown } from '../kubernetes.js';
import { marks } from '../marks.js';
import type { Namespaces } from '../namespaces.js';
import { untilGone } from '../until-gone.js';
import { fields } from './pod-templates.js';

export interface Removal {
  readonly cluster: Cluster;
  readonly namespaces: Namespaces;
  readonly clock: Clock;
  readonly log: Logger;
  readonly signal: AbortSignal;
  /** Label `tutti.dev/release` of what may be deleted. */
  readonly release: string;
  readonly purge: boolean;
  readonly progress: (text: string) => void;
}

/** Deletes what bears the release's mark of these objects, the last made first, and waits until it is gone. */
export async function removeObjects(keys: readonly ObjectKey[], removal: Removal): Promise<void> {
  for (const key of keys.toReversed()) {
    if (key.kind !== 'PersistentVolumeClaim' || removal.purge) await removeObject(key, removal);
  }
}

/** Deletes the volume claims of the release wherever they are, those that a StatefulSet made as well. */
export async function removeClaims(removal: Removal): Promise<void> {
  const { cluster, release, signal } = removal;
  const labelSelector = `${marks.release}=${release}`;
  const { items } = await cluster.list('/api/v1/persistentvolumeclaims', { labelSelector, signal });
  for (const { metadata } of items) {
    const { name, namespace = 'default' } = metadata;
    await removeObject({ apiVersion: 'v1', kind: 'PersistentVolumeClaim', namespace, name }, removal);
  }
}

async function removeObject(key: ObjectKey, removal: Removal): Promise<void> {
  const { cluster, clock, log, release, signal, progress } = removal;
  // A kind that is not there any more has no objects either.
  if (!(await cluster.has(key, signal))) return;
  const found = await cluster.get(key, signal);
  if (found === undefined) return;
  if (found.metadata.labels?.[marks.release] !== release) {
    log.warn(`${shown(key)} is not ours any more, and stays`);
    return;
  }
  progress(`removing ${shown(key)}`);
  if (key.kind === 'Namespace') {
    const gone = await removal.namespaces.removeIfEmpty(key.name, signal, (object) => bears(object, release));
    if (!gone) log.warn(`${shown(key)} has things of others in it, and stays`);
    return;
  }
  if (key.kind === 'CustomResourceDefinition' && (await isUsed(found, cluster, release, signal))) {
    log.warn(`${shown(key)} has objects of others, which would go with it, and stays`);
    return;
  }
  const { uid } = found.metadata;
  const going = await cluster.delete(key, { uid, foreground: true, signal });
  if (going) await untilGone(cluster, key, { uid, clock, signal });
}

/** Whether others have made objects of a custom kind. */
async function isUsed(
  definition: KubernetesObject,
  cluster: Cluster,
  release: string,
  signal: AbortSignal,
): Promise<boolean> {
  const spec = fields(definition['spec']) ?? {};
  const names = fields(spec['names']) ?? {};
  const versions = Array.isArray(spec['versions']) ? (spec['versions'] as readonly unknown[]) : [];
  const served = versions.map(fields).find((version) => version?.['served'] === true);
  const kind = { apiVersion: `${String(spec['group'])}/${String(served?.['name'])}`, kind: String(names['kind']) };
  if (!(await cluster.has(kind, signal))) return false;
  const type: ResourceType = await cluster.resource(kind, signal);
  const { items } = await cluster.list(collection(type), { metadataOnly: true, signal });
  return items.some((object) => !bears(object, release));
}

export function bears({ metadata }: KubernetesObject, release: string): boolean {
  return metadata.labels?.[marks.release] === release;
}
