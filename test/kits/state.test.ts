import { expect, test } from 'vitest';
import { formatReport, runKit, stateKit } from '../../core/testing/index.js';
import { Mutant, subjects } from './mutants/state.js';
import * as mutants from './mutants/state-limits.js';

/** Runs one case: the other cases are the business of other tests. */
async function outcome(mutant: typeof Mutant, name: string, patience: number) {
  const cases = stateKit.cases.filter((each) => each.name === name);
  const report = await runKit({ ...stateKit, cases }, subjects(mutant), { patience, seed: 1 });
  return { statuses: report.cases.map(({ status }) => status), text: formatReport(report) };
}

test.for([
  [mutants.WatchesForEver, 'a watch ends when the provider stops, after what was committed before'],
  [mutants.ThrowsPlainErrors, 'a limit out of range is refused with a RangeError'],
  [mutants.ThrowsPlainErrors, 'an index that is not declared is refused with a TypeError'],
  [mutants.ThrowsPlainErrors, 'a key that appears twice in a commit is refused with a TypeError'],
  [mutants.LosesInheritedNames, 'names of what every object has are names like any other'],
  [mutants.SplitsLargeCommits, 'a commit of 1,500 changes has one revision'],
  [mutants.SplitsLargeCommits, 'a commit of 1,500 changes with a conflict at its end writes none of them'],
  [mutants.SplitsLargeCommits, 'readers see all of a commit of 1,500 changes or nothing'],
  [mutants.CountsOnePage, 'a count is of all values, however many there are'],
  [mutants.LeavesIndexEntries, 'a commit that deletes 1,000 values leaves none of their index entries'],
  [mutants.LeavesIndexEntries, 'a commit that changes 1,000 values moves all of their index entries'],
  [mutants.MixesCollections, 'collections whose names are nearly the same share nothing'],
  [mutants.JoinsNamesAndKeys, 'where a collection ends and a key begins is never mistaken'],
  [mutants.JoinsIndexesAndEntries, 'where an index ends and an entry begins is never mistaken'],
  [mutants.KeepsSoManyEvents, 'a reader that comes late finds all of 20,000 changes'],
  [
    mutants.ComparesSixteenBits,
    'an expectation is the whole revision: one that is alike in its lower bits is a conflict',
  ],
  [
    mutants.TakesZeroForNothing,
    'an expectation is the whole revision: one that is alike in its lower bits is a conflict',
  ],
  [mutants.SortsItsInput, 'a commit changes nothing of what it is given'],
] as const)('the state kit catches a store that %o', async ([mutant, name]) => {
  const { statuses, text } = await outcome(mutant, name, 1_000);
  expect(statuses, text).toEqual(['failed']);
  const sound = await outcome(Mutant, name, 20_000);
  expect(sound.statuses, sound.text).toEqual(['passed']);
});
