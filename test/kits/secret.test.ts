import { expect, test } from 'vitest';
import { formatReport, runKit, secretKit } from '../../core/testing/index.js';
import * as mutants from './mutants/secret.js';

test.for([
  [mutants.CachesForever, 'who calls again after a rotation gets the new value'],
  [mutants.StripsLineBreaks, 'spaces, line breaks within and all of Unicode stay as they are'],
  [mutants.Trims, 'spaces, line breaks within and all of Unicode stay as they are'],
  [mutants.FollowsPaths, 'what is no name is invalid'],
  [mutants.TellsTheValue, 'a larger one is invalid, and no message holds it'],
  [mutants.TellsTheValue, 'what is damaged is refused without its text'],
  [mutants.TellsOfOthers, 'no refusal tells the value of another secret'],
  [mutants.ServesWhatItKnew, 'a value that was read before is not served for ever by a store that is away'],
  [mutants.PrintsTheValue, 'what is read goes neither into the log nor to the console'],
  [mutants.LogsTheValue, 'what is read goes neither into the log nor to the console'],
  [mutants.ThrowsWhatItGets, 'a name that nothing is kept under is not found'],
  [mutants.AnswersNothing, 'a name that nothing is kept under is not found'],
  [mutants.IgnoresAborts, 'a call that is aborted before it begins rejects with the abort'],
  [mutants.MixesCallers, '100 callers at once each get the value of their name'],
] as const)('the secret kit catches a provider that %o', async ([mutant, name]) => {
  const report = await runKit(secretKit, mutants.subjects(mutant), { patience: 1_000, seed: 1 });
  const failed = report.cases.filter(({ status }) => status === 'failed').map((each) => each.name);
  expect(failed, formatReport(report)).toContain(name);
});

test('the secret kit passes what the mutants are made of', async () => {
  const report = await runKit(secretKit, mutants.subjects(mutants.SecretMutant));
  expect(report, formatReport(report)).toMatchObject({ failed: 0, skipped: 0 });
});
