import type { Cluster } from '../cluster.js';
import { joinedManifest } from './manifest.js';
import type { ReleaseRevision } from './release-record.js';
import { rewriteRecord } from './rewritten-record.js';

/** Label on a revision's record: the status that it had before it was settled. */
const label = 'tutti.dev/settled';

/** Whether a revision only says that it is deployed. */
export function isSettled({ labels }: ReleaseRevision): boolean {
  return labels[label] !== undefined;
}

/**
 * Has the controller's Helm go on from a revision that failed, or that a Helm which was killed has left unfinished: both it
 * would leave to an operator (`failurePolicy: abort`). From then on the record says that it is deployed, and names whatever
 * may be there: what this revision has made, and what it did not come to delete. The next upgrade takes away what it has
 * no more; without the record nobody would.
 *
 * @param history newest first; no Helm may be at work
 */
export async function settle(
  cluster: Cluster,
  history: readonly ReleaseRevision[],
  signal: AbortSignal,
): Promise<void> {
  const newest = history[0];
  if (newest === undefined || newest.status === 'deployed') return;
  const manifest = joinedManifest(sinceDeployed(history).map((each) => each.manifest));
  await rewriteRecord(
    cluster,
    newest,
    (payload) => ({
      payload: { ...payload, manifest, info: { ...payload.info, status: 'deployed' } },
      labels: { status: 'deployed', [label]: newest.status },
    }),
    signal,
  );
}

/** With that one; all of them where none ever was. */
function sinceDeployed(history: readonly ReleaseRevision[]): readonly ReleaseRevision[] {
  const at = history.findIndex(({ status }) => status === 'deployed');
  return at === -1 ? history : history.slice(0, at + 1);
}
