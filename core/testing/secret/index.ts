import { SecretProvider } from '../../ports/index.js';
import type { Kit } from '../kit.js';
import { basicCases } from './basic.js';
import { concurrentCases } from './concurrent.js';
import { disclosureCases } from './disclosure.js';
import { faultCases } from './fault.js';
import type { SecretUnderTest } from './store.js';

export { type SecretStore, type SecretSubjectOptions, type SecretUnderTest, secretSubjects } from './store.js';

/**
 * Everything that the port of secrets promises.
 *
 * @experimental
 */
export const secretKit: Kit<SecretUnderTest> = Object.freeze({
  port: SecretProvider.id,
  cases: [...basicCases, ...concurrentCases, ...faultCases, ...disclosureCases],
});
