import type { Release } from '../driver.js';
import { told } from './history.js';
import { goalOf, type Memo } from './memo.js';
import type { ReleaseRevision } from './release-record.js';

/** What a release that a helm program made is now. @param history newest first */
export function cliRelease(memo: Memo, history: readonly ReleaseRevision[]): Release {
  const newest = history[0];
  const common = told(memo, newest);
  const { trouble } = memo;
  if (newest === undefined) {
    if (trouble !== undefined) return { ...common, state: 'failed', reason: trouble };
    return { ...common, state: 'pending', reason: 'its installation has not begun, or its removal has not ended' };
  }
  const { status, revision, description } = newest;
  switch (status) {
    case 'deployed': {
      const goal = goalOf(newest.labels, memo);
      if (goal === undefined) {
        const reason = `revision ${revision} of its release was made by somebody else`;
        return { ...common, state: 'deployed', reason };
      }
      return { ...common, state: 'deployed', applied: goal.applied, revision: goal.revision };
    }
    case 'failed':
      return { ...common, state: 'failed', reason: trouble ?? `Helm says: ${description}` };
    default:
      return { ...common, state: 'pending', reason: trouble ?? `revision ${revision} of its release is ${status}` };
  }
}
