import { expect, test } from 'vitest';
import { formatReport, runCase, runKit, targetKit } from '../../core/testing/index.js';
import * as mutants from './mutants/target.js';

const history = 'every random history of apply, remove, crash and restart ends as desired';

test('the kit passes what the mutants are made of', async () => {
  const report = await runKit(targetKit, mutants.subjects(mutants.TargetMutant), { seed: 1 });
  expect(report.failed, formatReport(report)).toBe(0);
});

test.for([
  [mutants.ReportsDesiredAsActual, 'what was only asked for is not told as running', 'found { name:'],
  [mutants.ReportsDesiredAsActual, 'a crash is told by watch and seen in actual', 'actual shows the crash'],
  [mutants.ReportsDesiredAsActual, history, 'found running where 0 copies run'],
  [mutants.AppliesTwice, 'applying what is already so restarts nothing', 'starts: expected 1, found 3'],
  [mutants.ForgetsToRemove, 'remove leaves nothing', 'actual: expected []'],
  [mutants.ForgetsToRemove, history, 'after '],
  [mutants.IgnoresAbort, 'an abort stops waiting and leaves what can be undone', 'apply: expected it to happen'],
  [mutants.WaitsForItsTurn, 'an abort ends a call at once that waits for another one', 'apply: expected it to happen'],
  [mutants.IgnoresAbort, 'an abort before the call changes nothing', 'apply: expected a rejection, found undefined'],
  [
    mutants.SwallowsStartFailures,
    'a start that takes longer than its timeout is a fault, which a later apply repairs',
    'apply: expected a rejection',
  ],
  [
    mutants.SwallowsStartFailures,
    'a workload that ends as soon as it starts is a fault, which a later apply repairs',
    'apply: expected a rejection',
  ],
  [mutants.IgnoresUpdates, 'applying another version replaces it', 'the digest of what was applied'],
  [mutants.IgnoresUpdates, history, 'after '],
  [mutants.ListsNothing, 'apply makes it run', "the phase of app-1: expected 'running', found undefined"],
  [mutants.NeverTells, 'a crash is told by watch and seen in actual', 'watch tells of the crash'],
  [mutants.ThrowsWhateverComes, 'an artifact that is nowhere is a fault, and changes nothing', 'EFAULT artifact'],
  [
    mutants.FailsTogether,
    'a failure of one application leaves the others as they are',
    "expected 'running', found undefined",
  ],
  [
    mutants.InstallsOnPreview,
    'a preview tells what apply would do, and does nothing of it',
    'actual after it: expected []',
  ],
  [mutants.PreviewsNothing, 'a preview tells what apply would do, and does nothing of it', 'at least one thing'],
  [mutants.PreviewsAnything, 'a preview of what it cannot run is a fault', 'TargetFault unsupported'],
  [
    mutants.RemovesWholeApplications,
    'remove of one component leaves the others of its application',
    "the components that actual lists of app-1: expected [ [ 'main' ] ], found []",
  ],
  [
    mutants.ListsFirstComponents,
    'actual lists every component of an application',
    "expected [ [ 'kit-second', 'main' ] ], found [ [ 'main' ] ]",
  ],
  [
    mutants.UpdatesWholeApplications,
    'a new version of one component leaves the others of its application',
    'starts of main: expected 1, found 3',
  ],
  [
    mutants.FailsTogether,
    'a component that fails leaves the others of its application',
    "the phase of main of app-1: expected 'running', found undefined",
  ],
  [mutants.IgnoresRevisions, 'a change of the revision is a change', 'the digest of what was applied'],
  [mutants.TakesAbortForFault, 'an abort before the call changes nothing', 'expected Error: too late'],
  [
    mutants.RemovesAfterAbort,
    'an abort before a remove changes nothing',
    'remove: expected a rejection, found undefined',
  ],
  [
    mutants.TakesAnyProperties,
    'properties or parameters that its type refuses are invalid, and change nothing',
    'apply: expected a rejection, found undefined',
  ],
  [
    mutants.ThrowsOnWrongProperties,
    'properties or parameters that its type refuses are invalid, and change nothing',
    'expected TargetFault invalid, without retry, found TypeError: no size',
  ],
  [mutants.RefusesNotToWait, 'without wait, it is taken and comes to run', 'it must wait'],
  [
    mutants.RestartsForNames,
    'a change of names, labels, wait or timeout restarts nothing',
    'starts: expected 1, found 2',
  ],
  [mutants.ThrowsOnLogs, 'logs are of what is here, and no more lines than asked for', 'it keeps none'],
  [
    mutants.MixesLogs,
    'logs are of what is here, and no more lines than asked for',
    "logs of an application that is not here: expected [], found [ 'somebody has started' ]",
  ],
  [
    mutants.CollectsInObject,
    'an id that is a member of every object is an id like any other',
    "the phase of __proto__: expected 'running', found undefined",
  ],
] as const)('the kit catches a target that %o: %s', async ([mutant, name, sentence]) => {
  const each = targetKit.cases.find((candidate) => candidate.name === name);
  if (!each) throw new Error(`the kit has no case "${name}"`);
  const { failure } = await runCase(each, mutants.subjects(mutant), { patience: 2_000, seed: 1 });
  expect(failure && `${failure.what}: expected ${failure.expected}, found ${failure.found}`).toContain(sentence);
});
