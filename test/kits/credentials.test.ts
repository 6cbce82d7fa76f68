import { expect, test } from 'vitest';
import { credentialKit, formatReport, runCase, runKit } from '../../core/testing/index.js';
import * as mutants from './mutants/credentials.js';

const pullsAlone = 'what is issued may pull from the registry that it names, and do nothing else';
const revoked = 'an account that is revoked pulls no more, and no other one ends with it';
const again = 'who is issued another time has a new password, and one account';

test.for([
  [mutants.SharesAccounts, 'no two holders share an account', 'the users'],
  [mutants.TakesEveryHolder, 'what is no holder is invalid, and gets no account', 'issue for ""'],
  [mutants.LetsThemPush, pullsAlone, 'whether it may push'],
  [mutants.RevokesByPrefix, revoked, 'whether another one may pull'],
  [mutants.RevokesNothing, revoked, 'whether the one that was revoked may pull'],
  [mutants.EndsAccountsOfOthers, 'accounts of others are neither changed nor ended', 'the accounts'],
  [mutants.TellsItTwice, again, 'the passwords'],
  [mutants.PilesUpAccounts, again, 'how many accounts'],
  [mutants.MissesWhatIsGone, 'what is not there may be revoked', 'there is no such account'],
  [
    mutants.TakesDeniedForAway,
    'a registry that refuses the provider has denied it, and serves again when it gives in',
    'the rejection of issue',
  ],
  [
    mutants.TellsItInFaults,
    'a registry that is away is unreachable, and serves again when it is back',
    'what the fault of revoke says',
  ],
  [
    mutants.IgnoresAborts,
    'a call that is aborted before it begins rejects with the abort, and makes no account',
    'the aborted call',
  ],
  [mutants.LogsThePassword, 'no password goes into the log or to the console', 'what was logged'],
] as const)('the kit catches credentials that %o: %s', async ([mutant, name, sentence]) => {
  const each = credentialKit.cases.find((candidate) => candidate.name === name);
  if (!each) throw new Error(`the kit has no case "${name}"`);
  const { failure } = await runCase(each, mutants.subjects(mutant), { seed: 1 });
  expect(failure && `${failure.what}: expected ${failure.expected}, found ${failure.found}`).toContain(sentence);
});

test('the kit passes credentials that keep to the port', async () => {
  const report = await runKit(credentialKit, mutants.subjects(mutants.CredentialMutant), { seed: 1 });
  expect(report, formatReport(report)).toMatchObject({ failed: 0, skipped: 0 });
});
