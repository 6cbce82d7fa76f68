import { expect, test } from 'vitest';
import { formatReport, registryKit, runKit } from '../../core/testing/index.js';
import * as mutants from './mutants/registry.js';

/** Runs one case: the kit as a whole takes its time, and its other cases are the business of other tests. */
async function outcome(mutant: Parameters<typeof mutants.subjects>[0], name: string) {
  const cases = registryKit.cases.filter((each) => each.name === name);
  const report = await runKit({ ...registryKit, cases }, mutants.subjects(mutant), { patience: 5_000, seed: 1 });
  return { statuses: report.cases.map(({ status }) => status), text: formatReport(report) };
}

test.for([
  [mutants.SkipsDigests, 'a blob of other bytes yields no value'],
  [mutants.EndsCorruptStreams, 'a blob of more bytes yields no value'],
  [mutants.LeaksCredentials, 'a redirect is followed, and the credentials are not'],
  [mutants.SendsAgain, 'what is there already is not sent again'],
  [mutants.SwallowsErrors, 'what is not there is not found'],
  [mutants.ReadsPastTheLimit, 'what is more than the limit is refused before it is read'],
  [mutants.ThrowsWhatItGets, 'a connection that is reset is a fault: unreachable'],
  [mutants.PrefersTags, 'where tag and digest are both there, the digest decides'],
  [mutants.ReadsOnePage, 'all tags are listed, however many pages they come in'],
  [mutants.BelievesFilters, 'what refers to an artifact is listed, of the wanted type alone'],
  [mutants.KnowsNoFallback, 'a registry without the API is asked for the tag that stands in for it'],
  [mutants.PromisesProgress, 'progress never goes back, and ends at the total'],
  [mutants.IgnoresAborts, 'an abort before the call asks nobody'],
  [mutants.KeepsCredentials, 'the credentials of a call open the registry, for this call alone'],
  [mutants.LogsCredentials, 'the credentials of a call open the registry, for this call alone'],
] as const)('the registry kit catches a client that %o', async ([mutant, name]) => {
  const { statuses, text } = await outcome(mutant, name);
  expect(statuses, text).toEqual(['failed']);
  const sound = await outcome(mutants.RegistryMutant, name);
  expect(sound.statuses, sound.text).toEqual(['passed']);
});
