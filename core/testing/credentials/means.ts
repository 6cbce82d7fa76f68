import { CredentialFault, type PullCredential } from '../../ports/index.js';
import { discloses } from '../disclosure.js';
import { KitFailure, show, type Trial } from '../trial.js';
import type { CredentialsUnderTest } from './subject.js';

export type CredentialTrial = Trial<CredentialsUnderTest>;

/** Has credentials made; fails where there are none. */
export async function issue(trial: CredentialTrial, holder: string): Promise<readonly PullCredential[]> {
  const issued = await trial.within(`issue for ${holder}`, trial.instance.issue(holder));
  trial.holds(`what was issued for ${holder}`, issued.length > 0, 'at least one credential', issued.length);
  return issued;
}

/** Expects that the registry lets each of them pull, or none. */
export async function pulling(
  trial: CredentialTrial,
  what: string,
  credentials: readonly PullCredential[],
  expected: boolean,
): Promise<void> {
  for (const credential of credentials) {
    trial.equal(`whether ${what} may pull`, await trial.instance.side.pulls(credential), expected);
  }
}

/** Expects a fault of one of these reasons. @returns it */
export async function refused(
  trial: CredentialTrial,
  what: string,
  work: () => Promise<unknown>,
  reason: CredentialFault['reason'],
): Promise<Error> {
  const error = await trial.rejects(what, work);
  const right = error instanceof CredentialFault && error.reason === reason;
  trial.holds(`the rejection of ${what}`, right, `CredentialFault ${reason}`, error);
  return error;
}

/** Expects no trace of a password in what people may read. */
export function untold(what: string, told: unknown, credentials: readonly PullCredential[]): void {
  if (credentials.some(({ password }) => discloses(told, password)))
    throw new KitFailure(what, 'nothing of a password', show(told).slice(0, 200));
}
