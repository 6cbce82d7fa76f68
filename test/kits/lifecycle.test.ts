import { expect, test } from 'vitest';
import { z } from '../../core/plugin/index.js';
import { formatReport, lifecycleKit, lifecycleSubjects, runCase, runKit } from '../../core/testing/index.js';
import * as mutants from './mutants/lifecycle.js';

const { definitionOf } = mutants;
const impatient = { patience: 1_000, seed: 1 };

async function sentenceOf(definition: ReturnType<typeof definitionOf>, name: string): Promise<string> {
  const each = lifecycleKit.cases.find((candidate) => candidate.name === name);
  if (!each) throw new Error(`the kit has no case "${name}"`);
  const { failure } = await runCase(each, lifecycleSubjects(definition), impatient);
  return failure ? `${failure.what}: expected ${failure.expected}, found ${failure.found}` : 'passed';
}

test('the kit passes what the mutants are made of', async () => {
  const report = await runKit(lifecycleKit, lifecycleSubjects(definitionOf()));
  expect(report, formatReport(report)).toMatchObject({ failed: 0, skipped: 0, passed: lifecycleKit.cases.length });
});

test.for([
  [mutants.LeaksATimer, 'stop leaves nothing open', "found [ 'Timeout' ]"],
  [mutants.LeaksASocket, 'stop leaves nothing open', "found [ 'TCPSERVERWRAP' ]"],
  [mutants.LeaksAFile, 'stop leaves nothing open', "'the file data/first' ]"],
  [mutants.LeaksADelay, 'stop leaves nothing open', 'delays of the clock go on after stop: expected 0, found 1'],
  [mutants.HangsOnStop, 'stop leaves nothing open', 'stop: expected it to happen, found nothing within 1000 ms'],
  [mutants.WritesInCreate, 'create opens nothing and writes nothing', "found [ 'data', 'data/mine' ]"],
  [mutants.ListensInCreate, 'create opens nothing and writes nothing', 'TCPSERVERWRAP'],
  [mutants.ThrowsOnSecondStop, 'stop twice succeeds', 'found Error: it is stopped already'],
  [mutants.NeedsStartBeforeStop, 'stop without start succeeds', 'found TypeError: there is no server'],
  [
    mutants.IgnoresAbortOfStart,
    'a start whose signal has aborted opens nothing',
    "found [ 'TCPSERVERWRAP', 'Timeout', 'the file data/first' ]",
  ],
  [mutants.HasAsyncHealth, 'health is told at once, from create to after stop', "found 'a promise'"],
  [mutants.ThrowsInHealth, 'health is told at once, from create to after stop', 'TypeError: there is no server'],
  [mutants.DegradesWithoutReason, 'health is told at once, from create to after stop', "{ status: 'degraded' }"],
  [mutants.SharesALock, 'two entries side by side do not disturb each other', 'EEXIST'],
] as const)('the kit catches an entry that %o', async ([mutant, name, sentence]) => {
  expect(await sentenceOf(definitionOf(mutant), name)).toContain(sentence);
});

const loose = z.looseObject({ greeting: z.string().describe('What to say') });
const bare = z.strictObject({ greeting: z.string(), more: z.strictObject({ deep: z.string() }).optional() });

test.for([
  ['a config that takes any key', { config: loose }, 'the config refuses what it does not know', "found [ 'config' ]"],
  [
    'options that nobody describes',
    { config: bare },
    'every property of the config is described',
    "[ 'config.greeting', 'config.more.deep' ]",
  ],
  [
    'a type of another kind',
    { type: 'target.mutant' },
    'type, version and host range are well-formed',
    'expected manager.<name>',
  ],
  [
    'a version that is none',
    { version: '1.0' },
    'type, version and host range are well-formed',
    'expected a version of semver',
  ],
  [
    'a summary of two lines',
    { summary: 'two\nlines' },
    'summary and needs are written for a person',
    'expected one line',
  ],
] as const)('the kit catches a definition with %s', async ([, wrong, name, sentence]) => {
  expect(await sentenceOf(definitionOf(undefined, wrong), name)).toContain(sentence);
});
