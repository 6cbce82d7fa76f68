import { createRequire } from 'node:module';
import { pathToFileURL } from 'node:url';
import { expect, test } from 'vitest';
import type { EventBus } from '../../core/plugin/index.js';
import { eventKit, formatReport, runCase, runKit, subjectsOf } from '../../core/testing/index.js';
import journal from './mutants/event-journal.js';
import * as mutants from './mutants/events.js';

const order = 'events reach a handler in the order they were published, one at a time';

test.for([
  [mutants.NeverRetries, 'a handler that fails is called again with the same event', 'events to be handled'],
  [mutants.KnowsOnlyErrors, 'whatever a handler throws is a failure', 'events to be handled'],
  [mutants.GivesUp, 'an event is tried again as often as its handler fails', 'delivery 6'],
  [mutants.DoesNotPause, 'between two attempts time passes', 'deliveries while time stands still'],
  [mutants.DeliversOutOfOrder, order, 'the order'],
  [mutants.DeliversAtOnce, order, 'how many ran at once'],
  [mutants.IgnoresGroups, 'within a group one handler gets an event', 'events that both handlers got'],
  [
    mutants.ClosesWithoutWaiting,
    'close waits for the delivery under way, and ends deliveries',
    'whether close resolved',
  ],
  [mutants.LosesCorrelation, 'the correlation id travels from the publisher to the handler', 'ids'],
  [mutants.ReusesIds, 'no two publications have the same id', 'how many ids 1500 publications have: expected 1500'],
  [mutants.CountsFromStart, 'no id is used again after a restart', 'expected 30, found 10'],
  [mutants.MakesNothingNull, 'a payload that is undefined or null arrives as it is', 'expected [ undefined, null ]'],
  [
    mutants.CarriesAnything,
    'a payload that is no JSON is refused with a TypeError, and nobody is told',
    'publish: expected a rejection',
  ],
  [
    mutants.ThrowsOnPublish,
    'a payload that is no JSON is refused with a TypeError, and nobody is told',
    'expected a promise that rejects, found that the call itself threw TypeError: no JSON',
  ],
  [mutants.OutlivesStop, 'after stop, subscribe throws and publish rejects', 'publish after stop'],
  [
    mutants.OutlivesStop,
    'stop waits for the delivery under way, and no handler is called after it',
    'whether stop resolved',
  ],
  [mutants.OutlivesStop, 'stop does not wait for a handler that keeps failing', 'deliveries after stop'],
  [mutants.StopsWhenEmpty, 'stop does not wait for a handler that keeps failing', 'stop while a handler keeps failing'],
  [
    mutants.DrainsNothing,
    'drain waits for deliveries, but not for a handler that keeps failing',
    'when drain resolved',
  ],
  [
    mutants.ClaimsDurable,
    'what a handler has failed with is delivered after a restart, under the same ids',
    '21 deliveries',
  ],
  [mutants.ClaimsDurable, 'what waits for a group to come back waits over a restart', '3 deliveries'],
] as const)('the kit catches a bus that %o: %s', async ([mutant, name, sentence]) => {
  const each = eventKit.cases.find((candidate) => candidate.name === name);
  if (!each) throw new Error(`the kit has no case "${name}"`);
  const { failure } = await runCase(each, mutants.subjects(mutant), { patience: 2_000, seed: 1 });
  expect(failure && `${failure.what}: expected ${failure.expected}, found ${failure.found}`).toContain(sentence);
});

test.for([mutants.EventMutant, mutants.DeliversAgain])('the kit passes %o, which keeps to the port', async (bus) => {
  const report = await runKit(eventKit, mutants.subjects(bus), { seed: 1 });
  expect(report.failed, formatReport(report)).toBe(0);
});

test('a stop that waits for what keeps failing holds up no other case', async () => {
  const each = eventKit.cases.find(({ name }) => name === 'a group that fails holds up no other');
  if (!each) throw new Error('the kit has no such case');
  expect(await runCase(each, mutants.subjects(mutants.StopsWhenEmpty), { seed: 1 })).toMatchObject({
    status: 'passed',
  });
});

test.for([
  [false, []],
  [true, ['an acknowledged publication survives kill -9']],
] as const)('the kit with a bus that acknowledges early: %s', { timeout: 120_000 }, async ([early, failed]) => {
  const typescript = pathToFileURL(createRequire(import.meta.url).resolve('tsx')).href;
  const module = new URL('mutants/event-journal.ts', import.meta.url).href;
  const make = subjectsOf<EventBus>(journal, {
    config: { early },
    crash: { module, execArgv: ['--import', typescript] },
  });
  const levels = ['durable', 'crash'] as const;
  const report = await runKit(eventKit, make, { levels, kills: 2, seed: 1, patience: early ? 2_000 : 10_000 });
  const { cases } = report;
  expect(
    cases.filter(({ status }) => status === 'failed').map(({ name }) => name),
    formatReport(report),
  ).toEqual(failed);
  expect(cases.filter(({ status }) => status === 'skipped')).toEqual([]);
});
