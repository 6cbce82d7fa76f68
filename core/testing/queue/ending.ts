import type { QueueProvider } from '../../ports/index.js';
import type { KitCase } from '../kit.js';
import { Latch } from '../latch.js';
import { KitSkip } from '../trial.js';
import { Desk, failedItems, numbers, type QueueTrial, queue, refused, turns } from './desk.js';

type Run = (trial: QueueTrial) => Promise<void>;
const ofLevel =
  (level: KitCase<QueueProvider>['level']) =>
  (name: string, run: Run): KitCase<QueueProvider> => ({ name, level, run });
const [fault, durable] = [ofLevel('fault'), ofLevel('durable')];

function wants(trial: QueueTrial): void {
  if (!trial.instance.durable) throw new KitSkip('the provider is not durable');
}

/** Until it is told to stop. */
const untilAborted = (signal: AbortSignal): Promise<never> =>
  new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason), { once: true }));

/** The end of workers and of the provider. */
export const endingCases: readonly KitCase<QueueProvider>[] = [
  fault('close waits for the items under way, and takes no more', async (trial) => {
    const latch = new Latch();
    const desk = new Desk(() => latch.opened);
    try {
      const worker = trial.instance.work(queue, desk.handler, { parallel: 2 });
      for (const n of numbers(5)) await trial.instance.enqueue(queue, `kit-${n}`, n);
      await desk.waitForAttempts(trial, 2);
      let closed = false;
      const closing = worker.close().then(() => {
        closed = true;
      });
      await turns();
      trial.equal('whether close resolved while items were worked on', closed, false);
      latch.open();
      await trial.within('close', closing);
      await trial.within('a second close', worker.close());
      trial.equal('what was worked on', desk.ids, ['kit-0', 'kit-1']);
    } finally {
      latch.open();
    }
    const other = new Desk();
    trial.instance.work(queue, other.handler);
    await other.waitUntilDone(trial, 3);
    trial.equal('what another worker was given', other.ids, ['kit-2', 'kit-3', 'kit-4']);
  }),

  fault('close with stop tells the handlers, and what they leave undone is no failure', async (trial) => {
    const desk = new Desk((_, { signal }) => untilAborted(signal));
    const worker = trial.instance.work(queue, desk.handler);
    await trial.instance.enqueue(queue, 'kit', null);
    await desk.waitForAttempts(trial, 1);
    await trial.within('close', worker.close({ stop: true }));
    trial.equal('how many are still worked on', desk.running, 0);
    const after = new Desk();
    trial.instance.work(queue, after.handler);
    await after.waitUntilDone(trial, 1);
    trial.equal('the attempt of another worker', after.attempts[0]?.meta.attempt, 1);
  }),

  fault('stop tells handlers by their signals and waits for them, and nothing can be done after it', async (trial) => {
    const { instance } = trial;
    const desk = new Desk((_, { signal }) => untilAborted(signal));
    instance.work(queue, desk.handler);
    await instance.enqueue(queue, 'kit', null);
    await desk.waitForAttempts(trial, 1);
    await trial.within('stop', trial.close());
    trial.equal('how many are still worked on', desk.running, 0);
    trial.equal('whether the handler was told', desk.attempts[0]?.meta.signal.aborted, true);
    await refused(trial, 'enqueue after stop', () => instance.enqueue(queue, 'kit', null), 'closed');
    await refused(trial, 'failed after stop', () => instance.failed(queue), 'closed');
    await refused(trial, 'retry after stop', () => instance.retry(queue, 'kit'), 'closed');
    await refused(trial, 'work after stop', async () => instance.work(queue, desk.handler), 'closed');
    await trial.reopen();
  }),

  durable('what waits and what has failed is there after a restart', async (trial) => {
    wants(trial);
    const first = new Desk(() => {
      throw new Error('the kit refuses');
    });
    trial.instance.work(queue, first.handler);
    await trial.instance.enqueue(queue, 'kit-bad', 'bad');
    await failedItems(trial, 1);
    await trial.within('stop', trial.close());
    await trial.reopen();
    for (const n of numbers(5)) await trial.instance.enqueue(queue, `kit-${n}`, n);
    await trial.within('stop', trial.close());
    await trial.reopen();
    const [bad] = await failedItems(trial, 1);
    trial.equal('the failed item', [bad?.id, bad?.payload, bad?.reason], ['kit-bad', 'bad', 'the kit refuses']);
    const desk = new Desk();
    trial.instance.work(queue, desk.handler);
    await desk.waitUntilDone(trial, 5);
    trial.equal(
      'what waited',
      desk.ids,
      numbers(5).map((n) => `kit-${n}`),
    );
  }),

  durable('what a handler did not finish because of a stop is no failure, and waits for the restart', async (trial) => {
    wants(trial);
    const desk = new Desk((_, { signal }) => untilAborted(signal));
    trial.instance.work(queue, desk.handler);
    await trial.instance.enqueue(queue, 'kit', 'payload');
    await desk.waitForAttempts(trial, 1);
    await trial.within('stop', trial.close());
    await trial.reopen();
    const after = new Desk();
    trial.instance.work(queue, after.handler);
    await after.waitUntilDone(trial, 1);
    const [attempt] = after.attempts;
    trial.equal('the attempt', [attempt?.meta.id, attempt?.meta.attempt, attempt?.payload], ['kit', 1, 'payload']);
  }),
];
