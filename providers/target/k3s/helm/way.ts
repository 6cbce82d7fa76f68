import type { ApplyCall, TargetFault } from '../../../../core/plugin/index.js';
import type { ApplyRequest, Release, RemoveRequest } from '../driver.js';
import type { Claim, Memo } from './memo.js';

/** One of the two ways to have Helm do something. What is the same for both, {@link HelmDriver} does. */
export interface HelmWay {
  /** What became of a release that was made this way. */
  release(memo: Memo, signal: AbortSignal): Promise<Release>;
  /** Why the name cannot be had: what there is of it is somebody else's. */
  foreign(claim: Claim, signal: AbortSignal): Promise<TargetFault | undefined>;
  /** Makes the cluster have the memo's goal, which is written down. @throws TargetFault, or the signal's reason */
  bring(memo: Memo, request: ApplyRequest, call: ApplyCall): Promise<void>;
  /** @returns whether the goal's predecessor is what Helm has brought there now. @throws TargetFault, or the signal's reason */
  goBack(memo: Memo, request: ApplyRequest, call: ApplyCall): Promise<boolean>;
  /** Makes the release absent, with its volume claims left where they are. */
  uninstall(memo: Memo, request: RemoveRequest, call: ApplyCall): Promise<void>;
}
