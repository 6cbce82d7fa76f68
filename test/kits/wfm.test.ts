import { expect, test } from 'vitest';
import { formatReport, runKit, wfmKit } from '../../core/testing/index.js';
import * as mutants from './mutants/wfm.js';

/** Runs one case: the kit as a whole takes its time, and its other cases are the business of other tests. */
async function outcome(mutant: Parameters<typeof mutants.subjects>[0], name: string, patience: number) {
  const cases = wfmKit.cases.filter((each) => each.name === name);
  const report = await runKit({ ...wfmKit, cases }, mutants.subjects(mutant), { patience, seed: 1 });
  return { statuses: report.cases.map(({ status }) => status), text: formatReport(report) };
}

test.for([
  [mutants.DropsRetryAfter, 'a fleet manager that is busy is a fault: busy'],
  [mutants.TakesSecondsForMilliseconds, 'a fleet manager that is busy is a fault: busy'],
  [mutants.ReprintsManifests, 'a manifest comes with the very bytes that were sent, and their ETag'],
  [mutants.TakesBytesForText, 'bundles and deployments come with the very bytes that were sent'],
  [mutants.IgnoresEtags, 'a manifest that is still the one of the ETag is none'],
  [mutants.TakesFaultsForUnchanged, 'a fleet manager that is away is a fault: unreachable'],
  [mutants.KnowsNoLimit, 'what is larger than the limit is a fault'],
  [mutants.DoesNotWaitForReports, 'a refusal is a fault: refused'],
  [mutants.DoesNotWaitForReports, 'a report is at the other side when its call resolves, however long it is'],
  [mutants.CutsLongReports, 'a report is at the other side when its call resolves, however long it is'],
  [mutants.EmptiesReports, 'reports arrive whole, in their order'],
  [mutants.ForgetsWhoItIs, 'who enrolls again is given the same id, and is no other client'],
  [mutants.IsBornAnew, 'who enrolls after a restart is given the same id, and is no other client'],
  [mutants.TellsAgain, 'who has the present manifest is told of the next one'],
  [mutants.IgnoresAborts, 'an abort before the call has no effect at the other side'],
] as const)('the kit of fleet managers catches a line that %o', async ([mutant, name]) => {
  const { statuses, text } = await outcome(mutant, name, 3_000);
  expect(statuses, text).toEqual(['failed']);
  const sound = await outcome(mutants.WfmMutant, name, 20_000);
  expect(sound.statuses, sound.text).toEqual(['passed']);
});
