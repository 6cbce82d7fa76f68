import { createRequire } from 'node:module';
import { pathToFileURL } from 'node:url';
import { expect, test } from 'vitest';
import type { StateProvider } from '../../core/plugin/index.js';
import {
  formatReport,
  type Kit,
  type KitOptions,
  type MakeSubject,
  runCase,
  runKit,
  stateKit,
  subjectsOf,
} from '../../core/testing/index.js';
import journal from './mutants/journal.js';
import * as mutants from './mutants/state.js';

const impatient: KitOptions = { patience: 300, histories: 50, seed: 1 };

async function failedCases<P>(kit: Kit<P>, make: MakeSubject<P>, options = impatient): Promise<string[]> {
  const report = await runKit(kit, make, options);
  return report.cases.filter(({ status }) => status === 'failed').map(({ name }) => name);
}

test.for([
  [mutants.LosesCompareAndSwap, 'no increment by compare-and-swap is lost'],
  [mutants.WritesInParts, 'readers see all of a commit or nothing'],
  [mutants.WritesInParts, 'a commit with one conflict writes none of its changes'],
  [mutants.DropsWatchEvents, 'a slow reader loses nothing, and sees commits in their order'],
  [mutants.WatchesLate, 'a watch registers before the call returns'],
  [mutants.OrdersByLocale, 'a list is in key order by code unit'],
  [mutants.SharesValues, 'what a caller does to an object it got out changes nothing'],
  [mutants.InventsNextPage, 'pages follow each other without gap or repetition, and the last one has no next'],
  [mutants.SwallowsConflicts, 'an expectation that does not hold is a conflict that names both sides'],
  [mutants.SwapsWatchEvents, 'a slow reader loses nothing, and sees commits in their order'],
  [mutants.SwapsWatchEvents, 'a view that follows a watch becomes what the store holds'],
  [mutants.ReusesRevisions, 'a revision is not used again after a delete'],
] as const)('the state kit catches a store that %o', async ([mutant, name]) => {
  expect(await failedCases(stateKit, mutants.subjects(mutant))).toContain(name);
});

test('the state kit catches a store that forgets a delete when it is reopened', async () => {
  expect(await failedCases(stateKit, mutants.reopened(mutants.ForgetsDeletes))).toContain(
    'a delete survives a restart',
  );
});

test.for([
  [mutants.ScansForAnIndex, 'a list by index does not cost more in a large collection', / times'$/],
  [mutants.KeepsEverything, 'memory does not grow with 10,000 commits of the same key', / MiB'$/],
] as const)('the state kit measures a store that %o', async ([mutant, name, found]) => {
  const each = stateKit.cases.find((candidate) => candidate.name === name);
  if (!each) throw new Error(`the kit has no case "${name}"`);
  const broken = await runCase(each, mutants.subjects(mutant), { seed: 1 });
  expect(broken.failure?.found).toMatch(found);
  const good = await runCase(each, mutants.subjects(mutants.Mutant), { seed: 1 });
  expect(good).toMatchObject({ status: 'passed', measurement: expect.stringContaining('at most') });
});

test.for([
  ['at-once', undefined],
  ['soon', { what: expect.stringContaining('put was acknowledged'), found: '[]' }],
  ['bytes-at-stop', { what: expect.stringContaining('put was acknowledged'), found: '[]' }],
  ['large-in-parts', { what: expect.stringContaining('of one commit'), expected: 'both halves or none' }],
] as const)('the crash case with a store that writes %s', async ([writes, failure]) => {
  const typescript = pathToFileURL(createRequire(import.meta.url).resolve('tsx')).href;
  const module = new URL('mutants/journal.ts', import.meta.url).href;
  const make = subjectsOf<StateProvider>(journal, {
    config: { writes },
    crash: { module, execArgv: ['--import', typescript] },
  });
  const report = await runKit(stateKit, make, { levels: ['crash'], kills: 3, seed: 1 });
  expect(report.failed, formatReport(report)).toBe(failure ? 1 : 0);
  if (failure) expect(report.cases[0]?.failure).toMatchObject(failure);
});

test('the state kit passes what the mutants are made of', async () => {
  expect(await failedCases(stateKit, mutants.subjects(mutants.Mutant))).toEqual([]);
});

test('a report says what was expected, what was found and how to see it again', async () => {
  const report = await runKit(stateKit, mutants.subjects(mutants.ReusesRevisions), { ...impatient, levels: ['basic'] });
  const text = formatReport(report);
  expect(text).toContain('failed  basic: a revision is not used again after a delete');
  expect(text).toContain('the revision after a delete');
  expect(text).toContain('expected more than 2');
  expect(text).toContain('found    1');
  expect(text).toContain("commit([ { kind: 'put', in: 'kit-docs', key: 'a', value: { n: 1 } } ]) -> 1");
  expect(text).toContain('seed     1');
});
