import { CredentialIssuer } from '../../ports/index.js';
import type { Kit } from '../kit.js';
import { accountCases } from './accounts.js';
import { faultCases } from './fault.js';
import type { CredentialsUnderTest } from './subject.js';

export {
  type AccountSide,
  type CredentialSubjectOptions,
  type CredentialsUnderTest,
  credentialSubjects,
} from './subject.js';

/**
 * Everything that the port of credentials promises.
 *
 * @experimental
 */
export const credentialKit: Kit<CredentialsUnderTest> = Object.freeze({
  port: CredentialIssuer.id,
  cases: [...accountCases, ...faultCases],
});
