import { FleetManager } from '../../ports/index.js';
import type { Kit } from '../kit.js';
import { basicCases } from './basic.js';
import { changeCases } from './changes.js';
import { faultCases } from './fault.js';
import type { WfmUnderTest } from './side.js';

export {
  type FleetContent,
  type FleetDisturbance,
  type FleetSide,
  type WfmSubjectOptions,
  type WfmUnderTest,
  wfmSubjects,
} from './side.js';

/**
 * Everything that the port of fleet managers promises.
 *
 * @experimental
 */
export const wfmKit: Kit<WfmUnderTest> = Object.freeze({
  port: FleetManager.id,
  cases: [...basicCases, ...faultCases, ...changeCases],
});
