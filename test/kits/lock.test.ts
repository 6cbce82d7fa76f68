import { expect, test } from 'vitest';
import { formatReport, lockKit, runCase, runKit } from '../../core/testing/index.js';
import * as mutants from './mutants/lock.js';

const waits = 'a second call waits until the first lease is released';

test.for([
  [mutants.LocksNothing, waits, 'whether the second lease was had while the first lasted'],
  [mutants.CountsFromOne, 'fences go on growing after a restart', 'a fence of life 1'],
  [mutants.ConfusesNames, 'names that differ in anything have nothing in common', 'acquire of "A"'],
  [mutants.ReleasesOfOthers, 'a release that comes twice takes nothing from the next holder', 'whether a third had'],
  [mutants.NeverRenews, 'a lease lasts as long as its holder works', 'whether another had it meanwhile'],
  [mutants.HearsNoAbort, 'an abort ends a call that waits, and the lease goes to the one after it', 'the aborted call'],
  [mutants.LeaksAborted, 'an abort at any moment leaves no lease behind', 'acquire of "kit"'],
  [mutants.AbortsWithTheCall, 'an abort means nothing to a lease that was had', 'whether the signal of the lease'],
  [
    mutants.StopsInSilence,
    'stop ends calls that wait as closed, and tells holders that their leases are lost',
    'the lease that was held',
  ],
  [
    mutants.OutlivesStop,
    'stop ends calls that wait as closed, and tells holders that their leases are lost',
    'the call that waited',
  ],
  [mutants.RefusesWithFault, 'what is no name is refused with a TypeError', 'acquire of ""'],
  [mutants.LastComesFirst, 'within a host leases are had in the order of the calls, one at a time', 'the order'],
] as const)('the kit catches locks that %o: %s', async ([mutant, name, sentence]) => {
  const each = lockKit.cases.find((candidate) => candidate.name === name);
  if (!each) throw new Error(`the kit has no case "${name}"`);
  const { failure } = await runCase(each, mutants.subjects(mutant), { patience: 1_000, seed: 1 });
  expect(failure && `${failure.what}: expected ${failure.expected}, found ${failure.found}`).toContain(sentence);
});

test('the kit passes locks that keep to the port', async () => {
  const report = await runKit(lockKit, mutants.subjects(mutants.LockMutant), { seed: 1 });
  expect(report.failed, formatReport(report)).toBe(0);
});
