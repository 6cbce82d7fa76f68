import type { Release } from '../driver.js';
import type { KubernetesObject } from '../kubernetes.js';
import { told } from './history.js';
import type { Goal, Memo } from './memo.js';
import type { ReleaseRevision } from './release-record.js';
import { isSettled } from './settled.js';
import { besides, covers, type Values } from './values.js';

/**
 * What a release that the cluster's controller made is now.
 *
 * @param history newest first
 * @param overrides values that an operator has the controller take in place of ours (HelmChartConfig)
 */
export function controllerRelease(
  memo: Memo,
  chart: KubernetesObject | undefined,
  history: readonly ReleaseRevision[],
  overrides: Values = {},
): Release {
  const newest = history[0];
  const common = told(memo, newest);
  const { goal, good, trouble, after } = memo;
  if (chart?.metadata.deletionTimestamp !== undefined) {
    return { ...common, state: 'pending', reason: 'its HelmChart is being removed' };
  }
  const has = (wanted: Goal): boolean => newest !== undefined && fulfils(newest, wanted, overrides);
  const isNew = newest !== undefined && newest.revision > after;
  if (chart !== undefined && isNew && has(goal)) return deployed(goal);
  if (chart !== undefined && isNew && newest.status === 'failed') {
    return { ...common, state: 'failed', reason: trouble ?? `Helm says: ${newest.description}` };
  }
  if (trouble !== undefined) {
    // What was to come did not, and what was there is untouched.
    return chart !== undefined && good !== undefined && has(good)
      ? deployed(good)
      : { ...common, state: 'failed', reason: trouble };
  }
  const reason =
    chart === undefined ? 'its HelmChart is not there' : 'the Helm controller of the cluster has not finished it';
  return { ...common, state: 'pending', reason };

  function deployed({ applied, revision }: Goal): Release {
    return { ...common, state: 'deployed', applied, revision };
  }
}

/** Whether a revision is, as a whole, of the goal's chart with the goal's values; others may have been added. */
export function fulfils(found: ReleaseRevision, { chart, values: wanted }: Goal, overrides: Values = {}): boolean {
  if (found.status !== 'deployed' || isSettled(found)) return false;
  const isVersion = chart.version === undefined || chart.version === found.chartVersion;
  return isVersion && covers(found.values, besides(wanted, overrides));
}
