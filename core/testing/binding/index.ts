import type { Kit } from '../kit.js';
import { accessCases } from './cases/access.js';
import { callCases } from './cases/calls.js';
import { lifecycleCases } from './cases/lifecycle.js';
import { problemCases } from './cases/problems.js';
import { representationCases } from './cases/representations.js';
import { streamCases } from './cases/streams.js';
import { valueCases } from './cases/values.js';
import type { BindingUnderTest } from './subject.js';

export {
  type BindingLack,
  type BindingSubjectOptions,
  type BindingUnderTest,
  bindingSubjects,
  type ToyCall,
} from './subject.js';

/**
 * Everything that a binding, with the transport at its other end, promises.
 * @experimental
 */
export const bindingKit: Kit<BindingUnderTest> = Object.freeze({
  port: 'binding',
  cases: [
    ...valueCases,
    ...representationCases,
    ...problemCases,
    ...accessCases,
    ...streamCases,
    ...callCases,
    ...lifecycleCases,
  ],
});
