import { TargetFault } from '../../../../core/plugin/index.js';
import { hasStatus } from '../api-fault.js';
import type { Cluster } from '../cluster.js';
import { encodePayload, type ReleasePayload, type ReleaseRevision, readPayload } from './release-record.js';

/**
 * Changes what Helm has stored of a revision, which the next Helm goes by. One that is gone is left so.
 *
 * @throws TargetFault when Helm writes it at the same moment
 */
export async function rewriteRecord(
  cluster: Cluster,
  { name: release, namespace, secret: { name } }: ReleaseRevision,
  change: (payload: ReleasePayload) => { readonly payload: object; readonly labels?: Readonly<Record<string, string>> },
  signal: AbortSignal,
): Promise<void> {
  const secret = await cluster.get({ apiVersion: 'v1', kind: 'Secret', namespace, name }, signal);
  const stored = secret && readPayload(secret);
  if (secret === undefined || stored === undefined) return;
  const { resourceVersion } = secret.metadata;
  const { payload, labels } = change(stored);
  try {
    await cluster.json({
      method: 'PATCH',
      path: `/api/v1/namespaces/${encodeURIComponent(namespace)}/secrets/${encodeURIComponent(name)}`,
      contentType: 'application/merge-patch+json',
      body: { metadata: { resourceVersion, ...(labels && { labels }) }, data: { release: encodePayload(payload) } },
      signal,
    });
  } catch (error) {
    if (!hasStatus(error, 409)) throw error;
    const what = `Helm works on release ${release} at this moment; try again`;
    throw new TargetFault('platform', what, true, { cause: error });
  }
}
