import { expect, test } from 'vitest';
import { formatReport, pullCredentialKit, runCase, runKit } from '../../core/testing/index.js';
import * as mutants from './mutants/pull-credentials.js';

const asGiven = 'what is handed over is given as it is';
const told = 'each handover after the call is told of, by its registries';
const silent = 'no password goes into the log, to the console, or into a file that others may read';

/** They keep the kit waiting for what never comes; nobody waits for the others for long. */
const late: readonly unknown[] = [
  mutants.DropsTheExpiry,
  mutants.HearsNoRefusal,
  mutants.TellsNobody,
  mutants.OutlivesStop,
];

test.for([
  [mutants.GivesWhatHasExpired, 'what has expired is not given', 'current'],
  [mutants.DropsTheExpiry, asGiven, '2 credentials as they are handed over'],
  [mutants.ForgetsOnRestart, 'what is still good is known after a restart, whoever can be asked', 'current'],
  [mutants.HearsNoRefusal, 'who is refused is handed others, sooner or later', '1 credentials as they are'],
  [
    mutants.BelievesEveryRefusal,
    'asking changes nothing, and neither does a refusal of what was never given',
    'current',
  ],
  [mutants.ThrowsWhereThereIsNone, 'where nothing is handed over there is an empty list', 'there is none'],
  [mutants.TellsNobody, told, 'the news of the second'],
  [mutants.TellsTheUsers, told, 'what is told'],
  [mutants.OutlivesStop, 'who listens hears the end of the provider', 'the end'],
  [mutants.IgnoresAborts, 'a call that is aborted before it begins rejects with the abort', 'current'],
  [mutants.LogsThePassword, silent, 'what was logged'],
  [mutants.KeepsItInTheOpen, silent, 'files that others may read'],
] as const)('the kit catches pull credentials that %o: %s', async ([mutant, name, sentence]) => {
  const each = pullCredentialKit.cases.find((candidate) => candidate.name === name);
  if (!each) throw new Error(`the kit has no case "${name}"`);
  const patience = late.includes(mutant) ? 2_000 : 60_000;
  const { failure } = await runCase(each, mutants.subjects(mutant), { patience, seed: 1 });
  expect(failure && `${failure.what}: expected ${failure.expected}, found ${failure.found}`).toContain(sentence);
});

test('the kit passes pull credentials that keep to the port', async () => {
  const report = await runKit(pullCredentialKit, mutants.subjects(mutants.PullCredentialMutant), { seed: 1 });
  expect(report, formatReport(report)).toMatchObject({ failed: 0, skipped: 0 });
});
