import type { FailedItem, QueueProvider } from '../../ports/index.js';
import type { KitCase } from '../kit.js';
import { KitSkip } from '../trial.js';
import { Desk, failedItems, nothingElse, numbers, type QueueTrial, queue, turns } from './desk.js';

type Run = (trial: QueueTrial) => Promise<void>;
const fault = (name: string, run: Run): KitCase<QueueProvider> => ({ name, level: 'fault', run });

const refuse = (): never => {
  throw new Error('the kit refuses');
};
const plain = (items: readonly FailedItem[]) => items.map(({ id, payload, reason }) => ({ id, payload, reason }));

/** Items that cannot be done. */
export const failingCases: readonly KitCase<QueueProvider>[] = [
  fault('an item that fails is tried again, while others are worked on', async (trial) => {
    const desk = new Desk((_, { id, attempt }) => (id === 'kit-bad' && attempt < 3 ? refuse() : undefined));
    trial.instance.work(queue, desk.handler);
    await trial.instance.enqueue(queue, 'kit-bad', { n: 1 });
    await trial.instance.enqueue(queue, 'kit-good', null);
    await desk.waitUntilDone(trial, 2);
    trial.equal('the order of the ends', desk.done, ['kit-good', 'kit-bad']);
    const bad = desk.attempts.filter(({ meta }) => meta.id === 'kit-bad');
    trial.equal(
      'the attempts',
      bad.map(({ meta, payload }) => [meta.attempt, payload]),
      [1, 2, 3].map((attempt) => [attempt, { n: 1 }]),
    );
  }),

  fault('between two attempts time passes', async (trial) => {
    if (!trial.subject.advance) throw new KitSkip('time cannot be moved on by hand');
    const desk = new Desk(refuse);
    trial.instance.work(queue, desk.handler);
    await trial.instance.enqueue(queue, 'kit', null);
    await desk.waitForAttempts(trial, 1);
    // What the wait itself has moved on is over then.
    await turns(50);
    const before = desk.attempts.length;
    await turns(50);
    trial.equal('attempts while time stands still', desk.attempts.length - before, 0);
  }),

  fault('an item cannot be changed for its next attempt', async (trial) => {
    const desk = new Desk((payload, { attempt }) => {
      try {
        (payload as { n: number }).n = 2;
      } catch {
        // Frozen: as good.
      }
      if (attempt < 2) refuse();
    });
    trial.instance.work(queue, desk.handler);
    const payload = { n: 1 };
    await trial.instance.enqueue(queue, 'kit', payload);
    await desk.waitForAttempts(trial, 1);
    payload.n = 3;
    await desk.until(trial, 'a second attempt', () => desk.attempts.length >= 2);
    trial.equal('the payload of the second attempt', desk.attempts[1]?.payload, { n: 1 });
  }),

  fault('an item that fails at its last attempt is kept with its reason, and nobody tries it again', async (trial) => {
    const desk = new Desk((_, { id }) => (id === 'kit-bad' ? refuse() : undefined));
    trial.instance.work(queue, desk.handler);
    await trial.instance.enqueue(queue, 'kit-bad', { n: 1 });
    const items = await failedItems(trial, 1);
    trial.equal('the failed items', plain(items), [{ id: 'kit-bad', payload: { n: 1 }, reason: 'the kit refuses' }]);
    const tried = desk.attempts.length;
    trial.equal('its attempts', items[0]?.attempts, tried);
    trial.equal('the last attempt', desk.attempts.at(-1)?.meta.attempt, tried);
    trial.holds('when it was given up', Number.isFinite(items[0]?.at), 'a time', items[0]?.at);
    await trial.subject.advance?.(86_400_000);
    await nothingElse(
      trial,
      desk,
      Array.from({ length: tried }, () => 'kit-bad'),
    );
  }),

  fault('whatever a handler throws is a failure', async (trial) => {
    const thrown: readonly unknown[] = [undefined, null, 'text', 7, Object.create(null)];
    const desk = new Desk((payload, { attempt }) => {
      if (attempt === 1) throw thrown[payload as number];
    });
    trial.instance.work(queue, desk.handler);
    for (const n of thrown.keys()) await trial.instance.enqueue(queue, `kit-${n}`, n);
    await desk.waitUntilDone(trial, thrown.length);
    trial.equal('the attempts', desk.attempts.length, 2 * thrown.length);
  }),

  fault('a failed item that is retried is worked on as a new one', async (trial) => {
    let broken = true;
    const desk = new Desk(() => (broken ? refuse() : undefined));
    trial.instance.work(queue, desk.handler);
    await trial.instance.enqueue(queue, 'kit', { n: 1 });
    await failedItems(trial, 1);
    broken = false;
    trial.equal('retry', await trial.instance.retry(queue, 'kit'), true);
    await desk.waitUntilDone(trial, 1);
    const last = desk.attempts.at(-1);
    trial.equal('the attempt', [last?.meta.attempt, last?.payload], [1, { n: 1 }]);
    trial.equal('the failed items', (await trial.instance.failed(queue)).items, []);
    trial.equal('retry of what is done', await trial.instance.retry(queue, 'kit'), false);
  }),

  fault('a failed item that is enqueued anew is worked on with its new payload', async (trial) => {
    let broken = true;
    const desk = new Desk(() => (broken ? refuse() : undefined));
    trial.instance.work(queue, desk.handler);
    await trial.instance.enqueue(queue, 'kit', 'old');
    await failedItems(trial, 1);
    broken = false;
    await trial.instance.enqueue(queue, 'kit', 'new');
    await desk.waitUntilDone(trial, 1);
    const last = desk.attempts.at(-1);
    trial.equal('the attempt', [last?.meta.attempt, last?.payload], [1, 'new']);
    trial.equal('the failed items', (await trial.instance.failed(queue)).items, []);
  }),

  fault('failed items are listed by id, in pages', async (trial) => {
    const desk = new Desk(refuse);
    const names = ['a', 'B', 'b', 'ü', '\uffff', '🔧', 'x1', 'x10', 'x2'];
    trial.instance.work(queue, desk.handler, { parallel: 9 });
    for (const id of names) await trial.instance.enqueue(queue, id, id);
    await failedItems(trial, names.length);
    const seen: string[] = [];
    for (let after: string | undefined; ; ) {
      const page = await trial.instance.failed(queue, { limit: 4, ...(after !== undefined && { after }) });
      seen.push(...page.items.map(({ id }) => id));
      if (page.next === undefined) break;
      trial.equal('the length of a page', page.items.length, 4);
      after = page.next;
    }
    trial.equal('the ids', seen, names.toSorted());
    for (const limit of [0, 1001, 1.5]) {
      const error = await trial.rejects(`failed with a limit of ${limit}`, () =>
        trial.instance.failed(queue, { limit }),
      );
      trial.holds('the rejection', error instanceof RangeError, 'RangeError', error);
    }
  }),

  fault('many items that fail and many that do not all come to their end', async (trial) => {
    const desk = new Desk((n) => (Number(n) % 3 === 0 ? refuse() : undefined));
    trial.instance.work(queue, desk.handler, { parallel: 5 });
    const names = numbers(30).map((n) => `kit-${String(n).padStart(2, '0')}`);
    await Promise.all(names.map((id, n) => trial.instance.enqueue(queue, id, n)));
    await desk.waitUntilDone(trial, 20);
    const items = await failedItems(trial, 10);
    const bad = names.filter((_, n) => n % 3 === 0);
    trial.equal(
      'the failed items',
      items.map(({ id }) => id),
      bad,
    );
  }),
];
