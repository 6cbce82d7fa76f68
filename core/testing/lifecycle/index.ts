import type { Kit } from '../kit.js';
import { declaredCases } from './declared.js';
import { healthCases } from './health.js';
import { phaseCases } from './phases.js';
import type { DefinitionUnderTest } from './subject.js';

export {
  type DefinitionUnderTest,
  type LifecycleSubjectOptions,
  lifecycleSubjects,
  type MadeEntry,
} from './subject.js';

/**
 * Everything that any definition promises of whatever kind: see `Definition` and `Lifecycle`.
 *
 * @stable since 0.1.0
 */
export const lifecycleKit: Kit<DefinitionUnderTest> = Object.freeze({
  port: 'lifecycle',
  cases: [...declaredCases, ...phaseCases, ...healthCases],
});
