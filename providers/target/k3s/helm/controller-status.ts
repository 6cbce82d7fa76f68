import type { Release } from '../driver.js';
import type { KubernetesObject } from '../kubernetes.js';
import { told } from './history.js';
import type { Goal, Memo } from './memo.js';
import { deployedRevision, type ReleaseRevision } from './release-record.js';
import { covers } from './values.js';

/** What a release that the cluster's controller made is now. @param history newest first */
export function controllerRelease(
  memo: Memo,
  chart: KubernetesObject | undefined,
  history: readonly ReleaseRevision[],
): Release {
  const newest = history[0];
  const common = told(memo, newest);
  const { goal, trouble } = memo;
  if (chart === undefined) return { ...common, state: 'pending', reason: trouble ?? 'its HelmChart is not there' };
  if (chart.metadata.deletionTimestamp !== undefined) {
    return { ...common, state: 'pending', reason: 'its HelmChart is being removed' };
  }
  if (newest?.status === 'deployed' && newest.revision > memo.after && fulfils(newest, goal)) {
    return { ...common, state: 'deployed', applied: goal.applied, revision: goal.revision };
  }
  if (newest?.status === 'failed' && newest.revision > memo.after) {
    return { ...common, state: 'failed', reason: trouble ?? `Helm says: ${newest.description}` };
  }
  return { ...common, state: 'pending', reason: trouble ?? 'the Helm controller of the cluster has not finished it' };
}

/** Whether a revision is of the goal's chart with the goal's values; a HelmChartConfig may have added others. */
export function fulfils({ chartVersion, values }: ReleaseRevision, { chart, values: wanted }: Goal): boolean {
  return (chart.version === undefined || chart.version === chartVersion) && covers(values, wanted);
}

/**
 * Revisions whose records have to go before the controller tries again: it leaves a release that failed to an operator.
 * What they made stays, and is taken over; what was whole before stays the base of the next upgrade.
 *
 * @param history newest first
 */
export function staleRevisions(history: readonly ReleaseRevision[]): readonly ReleaseRevision[] {
  if (history[0]?.status !== 'failed') return [];
  const good = deployedRevision(history)?.revision ?? 0;
  return history.filter(({ revision, status }) => revision > good && status === 'failed');
}

/** What a revision has to be newer than to be a new one: of those that fail and go the number is given again. */
export function baseRevision(history: readonly ReleaseRevision[]): number {
  const stale = staleRevisions(history);
  return history.find((each) => !stale.includes(each))?.revision ?? 0;
}
