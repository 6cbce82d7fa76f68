import { TargetFault, z } from '../../../../core/plugin/index.js';
import type { Cluster } from '../cluster.js';
import type { KubernetesObject } from '../kubernetes.js';
import { keepingVolumes, manifestObjects } from './manifest.js';
import type { ReleaseRevision } from './release-record.js';
import { rewriteRecord } from './rewritten-record.js';

/**
 * Has Helm leave a release's volume claims where they are when it uninstalls it: written into the record that it will go
 * by. A later install of the same release takes them over again. Whose they are is noted on them.
 */
export async function keepVolumes(cluster: Cluster, newest: ReleaseRevision, signal: AbortSignal): Promise<void> {
  await rememberVolumes(cluster, newest, signal);
  const manifest = keepingVolumes(newest.manifest);
  if (manifest === undefined) return;
  const { namespace } = newest;
  if (manifest === 'unreadable') {
    const what = `the manifest of release ${newest.name} in namespace ${namespace} cannot be read, so that Helm would delete its volume claims with it; remove it (helm uninstall ${newest.name} -n ${namespace})`;
    throw new TargetFault('platform', what, true);
  }
  await rewriteRecord(cluster, newest, (payload) => ({ payload: { ...payload, manifest } }), signal);
}

/**
 * Has Helm leave a release's volume claims where they are when it upgrades to a chart that has them no more: there it goes
 * by the objects, not by its record.
 */
export async function keepLiveVolumes(
  cluster: Cluster,
  { release, namespace }: { readonly release: string; readonly namespace: string },
  signal: AbortSignal,
): Promise<void> {
  for (const { metadata } of await claims(cluster, signal)) {
    const { name, namespace: where = 'default', annotations, uid } = metadata;
    const own =
      annotations?.['meta.helm.sh/release-name'] === release &&
      annotations['meta.helm.sh/release-namespace'] === namespace;
    if (!own || annotations[policy] === 'keep') continue;
    await annotate(cluster, { name, namespace: where, uid }, { [policy]: 'keep' }, signal);
  }
}

const policy = 'helm.sh/resource-policy';
const remembered = 'tutti.dev/helm-release';

/**
 * Notes on the volume claims that a release's StatefulSets made whose they are, before it goes: nothing tells that
 * afterwards, and they may be wanted away then, or a later time.
 */
async function rememberVolumes(cluster: Cluster, newest: ReleaseRevision, signal: AbortSignal): Promise<void> {
  const made = claimNames(newest);
  if (made.length === 0) return;
  for (const { metadata } of await claims(cluster, signal)) {
    const { name, namespace = 'default', annotations, uid } = metadata;
    const own = made.some(
      (each) =>
        each.namespace === namespace && name.startsWith(each.prefix) && /^\d+$/.test(name.slice(each.prefix.length)),
    );
    if (!own || annotations?.[remembered] === newest.name) continue;
    await annotate(cluster, { name, namespace, uid }, { [remembered]: newest.name }, signal);
  }
}

/** Deletes the volume claims of a release wherever they are: those of its chart, and those that its StatefulSets made. */
export async function removeVolumes(cluster: Cluster, release: string, signal: AbortSignal): Promise<void> {
  for (const { metadata } of await claims(cluster, signal)) {
    const { name, namespace = 'default', annotations, labels } = metadata;
    const own =
      annotations?.['meta.helm.sh/release-name'] === release ||
      annotations?.[remembered] === release ||
      // A StatefulSet puts its selector's labels on what it makes, and charts by convention select by the release.
      labels?.['app.kubernetes.io/instance'] === release;
    if (!own) continue;
    const key = { apiVersion: 'v1', kind: 'PersistentVolumeClaim', namespace, name };
    await cluster.delete(key, { uid: metadata.uid, signal });
  }
}

async function claims(cluster: Cluster, signal: AbortSignal): Promise<readonly KubernetesObject[]> {
  return (await cluster.list('/api/v1/persistentvolumeclaims', { signal })).items;
}

async function annotate(
  cluster: Cluster,
  { name, namespace, uid }: { readonly name: string; readonly namespace: string; readonly uid: string | undefined },
  annotations: Readonly<Record<string, string>>,
  signal: AbortSignal,
): Promise<void> {
  await cluster.json({
    method: 'PATCH',
    path: `/api/v1/namespaces/${encodeURIComponent(namespace)}/persistentvolumeclaims/${encodeURIComponent(name)}`,
    contentType: 'application/merge-patch+json',
    body: { metadata: { uid, annotations } },
    signal,
  });
}

const statefulSet = z.object({
  kind: z.literal('StatefulSet'),
  metadata: z.object({ name: z.string(), namespace: z.string().optional() }),
  spec: z.object({
    volumeClaimTemplates: z.array(z.object({ metadata: z.object({ name: z.string() }) })).default([]),
  }),
});

/** What the claims of StatefulSets begin with, and where they are; their ordinal follows. */
function claimNames({
  manifest,
  namespace,
}: ReleaseRevision): { readonly namespace: string; readonly prefix: string }[] {
  return (manifestObjects(manifest) ?? []).flatMap((object) => {
    const found = statefulSet.safeParse(object).data;
    if (found === undefined) return [];
    const { metadata, spec } = found;
    return spec.volumeClaimTemplates.map((template) => ({
      namespace: metadata.namespace ?? namespace,
      prefix: `${template.metadata.name}-${metadata.name}-`,
    }));
  });
}
