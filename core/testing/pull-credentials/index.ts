import { PullCredentials } from '../../ports/index.js';
import type { Kit } from '../kit.js';
import { handingCases } from './handing.js';
import type { PullCredentialsUnderTest } from './subject.js';
import { tellingCases } from './telling.js';

export {
  type HandingSide,
  type PullCredentialSubjectOptions,
  type PullCredentialsUnderTest,
  pullCredentialSubjects,
} from './subject.js';

/**
 * Everything that the port of pull credentials promises.
 *
 * @experimental
 */
export const pullCredentialKit: Kit<PullCredentialsUnderTest> = Object.freeze({
  port: PullCredentials.id,
  cases: [...handingCases, ...tellingCases],
});
