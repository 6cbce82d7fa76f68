import { expect, test } from 'vitest';
import { formatReport, queueKit, runCase, runKit } from '../../core/testing/index.js';
import * as mutants from './mutants/queue.js';

test.for([
  [mutants.NeverRetries, 'an item that fails is tried again, while others are worked on', '2 items to be done'],
  [mutants.KnowsOnlyErrors, 'whatever a handler throws is a failure', '5 items to be done'],
  [mutants.DoesNotPause, 'between two attempts time passes', 'attempts while time stands still'],
  [mutants.CountsNothing, 'an item that fails is tried again, while others are worked on', '2 items to be done'],
  [mutants.EnqueuesTwice, 'an item that waits is not enqueued a second time, and stays as it is', 'the attempts'],
  [mutants.ForgetsNothing, 'an item that is done is forgotten, and can be enqueued anew', '2 items to be done'],
  [mutants.ConfusesQueues, 'two queues have nothing in common', '1 items to be done'],
  [mutants.TakesOneMore, 'a worker has as many items at a time as it has hands, and no more', 'ran at once'],
  [mutants.KeepsTheObject, 'payloads arrive as they were when they were enqueued', 'the payloads'],
  [mutants.KeepsTheObject, 'an item cannot be changed for its next attempt', 'the payload of the second attempt'],
  [mutants.ClosesWithoutWaiting, 'close waits for the items under way, and takes no more', 'whether close resolved'],
  [
    mutants.StopsInSilence,
    'stop tells handlers by their signals and waits for them, and nothing can be done after it',
    'stop: expected it to happen',
  ],
  [
    mutants.HidesFailures,
    'an item that fails at its last attempt is kept with its reason, and nobody tries it again',
    '1 failed items',
  ],
  [mutants.HasOnePage, 'failed items are listed by id, in pages', 'failed with a limit of 0'],
  [mutants.RetriesAnything, 'a failed item that is retried is worked on as a new one', 'retry of what is done'],
  [mutants.ClaimsDurable, 'what waits and what has failed is there after a restart', '1 failed items'],
] as const)('the kit catches a queue that %o: %s', async ([mutant, name, sentence]) => {
  const each = queueKit.cases.find((candidate) => candidate.name === name);
  if (!each) throw new Error(`the kit has no case "${name}"`);
  const { failure } = await runCase(each, mutants.subjects(mutant), { patience: 1_000, seed: 1 });
  expect(failure && `${failure.what}: expected ${failure.expected}, found ${failure.found}`).toContain(sentence);
});

test('the kit passes a queue that keeps to the port', async () => {
  const report = await runKit(queueKit, mutants.subjects(mutants.QueueMutant), { seed: 1 });
  expect(report.failed, formatReport(report)).toBe(0);
});
