import { deployedRevision, type ReleaseRevision } from './release-record.js';

/** What has to be done with a release before Helm takes it for an upgrade. */
export type Remedy =
  | { readonly kind: 'rollback'; readonly revision: number; readonly reason: string }
  | { readonly kind: 'uninstall'; readonly reason: string };

/**
 * What a Helm that was killed in the middle has left: Helm itself refuses such a release for ever (`another operation is
 * in progress`). Going back first, rather than calling it failed, takes away what the unfinished revision had made.
 *
 * @param history newest first
 * @returns nothing where there is nothing to heal
 */
export function remedyFor(history: readonly ReleaseRevision[]): Remedy | undefined {
  const newest = history[0];
  if (newest === undefined) return undefined;
  const { status, revision } = newest;
  const reason = `revision ${revision} was left ${status} by a Helm that ended in the middle`;
  if (status === 'uninstalling') return { kind: 'uninstall', reason };
  if (!status.startsWith('pending-')) return undefined;
  const good = deployedRevision(history);
  return good === undefined ? { kind: 'uninstall', reason } : { kind: 'rollback', revision: good.revision, reason };
}
