import { TargetFault, z } from '../../../../core/plugin/index.js';
import { hasStatus } from '../api-fault.js';
import type { Cluster } from '../cluster.js';
import { keepingVolumes, manifestObjects } from './manifest.js';
import { encodePayload, type ReleaseRevision, readPayload } from './release-record.js';

/**
 * Has Helm leave a release's volume claims where they are when it uninstalls it: written into the record that it will go
 * by. A later install of the same release takes them over again.
 */
export async function keepVolumes(cluster: Cluster, newest: ReleaseRevision, signal: AbortSignal): Promise<void> {
  const manifest = keepingVolumes(newest.manifest);
  if (manifest === undefined) return;
  const { namespace } = newest;
  const key = { apiVersion: 'v1', kind: 'Secret', namespace, name: newest.secret.name };
  const secret = await cluster.get(key, signal);
  const payload = secret && readPayload(secret);
  if (secret === undefined || payload === undefined) return;
  const { resourceVersion } = secret.metadata;
  try {
    await cluster.json({
      method: 'PATCH',
      path: `/api/v1/namespaces/${encodeURIComponent(namespace)}/secrets/${encodeURIComponent(key.name)}`,
      contentType: 'application/merge-patch+json',
      body: { metadata: { resourceVersion }, data: { release: encodePayload({ ...payload, manifest }) } },
      signal,
    });
  } catch (error) {
    if (!hasStatus(error, 409)) throw error;
    // Never uninstalled without this: the claims would go.
    const what = `Helm works on release ${newest.name} at this moment; try again`;
    throw new TargetFault('platform', what, true, { cause: error });
  }
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
  const claims = (await cluster.list('/api/v1/persistentvolumeclaims', { signal })).items;
  for (const { metadata } of claims) {
    const { name, namespace: where = 'default', annotations, uid } = metadata;
    const own =
      annotations?.['meta.helm.sh/release-name'] === release &&
      annotations['meta.helm.sh/release-namespace'] === namespace;
    if (!own || annotations[policy] === 'keep') continue;
    await cluster.json({
      method: 'PATCH',
      path: `/api/v1/namespaces/${encodeURIComponent(where)}/persistentvolumeclaims/${encodeURIComponent(name)}`,
      contentType: 'application/merge-patch+json',
      body: { metadata: { uid, annotations: { [policy]: 'keep' } } },
      signal,
    });
  }
}

const policy = 'helm.sh/resource-policy';

/**
 * Deletes the volume claims of a release wherever they are: those of its chart, and those that its StatefulSets made.
 *
 * @param newest its last revision, if that is known
 */
export async function removeVolumes(
  cluster: Cluster,
  { release, newest }: { readonly release: string; readonly newest: ReleaseRevision | undefined },
  signal: AbortSignal,
): Promise<void> {
  const made = claimNames(newest?.manifest ?? '');
  for (const { metadata } of (await cluster.list('/api/v1/persistentvolumeclaims', { signal })).items) {
    const { name, namespace = 'default', annotations, labels } = metadata;
    const own =
      annotations?.['meta.helm.sh/release-name'] === release ||
      // A StatefulSet puts its selector's labels on what it makes, and charts by convention select by the release.
      labels?.['app.kubernetes.io/instance'] === release ||
      (namespace === newest?.namespace &&
        made.some((prefix) => name.startsWith(prefix) && /^\d+$/.test(name.slice(prefix.length))));
    if (!own) continue;
    const key = { apiVersion: 'v1', kind: 'PersistentVolumeClaim', namespace, name };
    await cluster.delete(key, { uid: metadata.uid, signal });
  }
}

const statefulSet = z.object({
  kind: z.literal('StatefulSet'),
  metadata: z.object({ name: z.string() }),
  spec: z.object({
    volumeClaimTemplates: z.array(z.object({ metadata: z.object({ name: z.string() }) })).default([]),
  }),
});

/** What the claims of StatefulSets begin with; their ordinal follows. */
function claimNames(manifest: string): string[] {
  return manifestObjects(manifest).flatMap((object) => {
    const found = statefulSet.safeParse(object).data;
    const templates = found?.spec.volumeClaimTemplates ?? [];
    return templates.map(({ metadata }) => `${metadata.name}-${found?.metadata.name}-`);
  });
}
