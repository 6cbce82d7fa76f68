import type { Kit } from '../kit.js';
import { answerCases } from './answers.js';
import { contractCases } from './contract.js';
import { effectCases } from './effects.js';
import { endingCases } from './ending.js';
import type { VendorUnderTest } from './subject.js';

export type { VendorCaller } from './callers.js';
export { type VendorSample, type VendorSubjectOptions, type VendorUnderTest, vendorSubjects } from './subject.js';

/**
 * Everything that a vendor promises, whatever it offers.
 *
 * @experimental
 */
export const vendorKit: Kit<VendorUnderTest> = Object.freeze({
  port: 'vendor',
  cases: [...contractCases, ...answerCases, ...effectCases, ...endingCases],
});
