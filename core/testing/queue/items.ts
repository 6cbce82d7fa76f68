import { type QueueProvider, workQueue } from '../../ports/index.js';
import type { KitCase } from '../kit.js';
import { Latch } from '../latch.js';
import { KitSkip } from '../trial.js';
import { Desk, nothingElse, numbers, type QueueTrial, queue, turns } from './desk.js';

type Run = (trial: QueueTrial) => Promise<void>;
const ofLevel =
  (level: KitCase<QueueProvider>['level']) =>
  (name: string, run: Run): KitCase<QueueProvider> => ({ name, level, run });
const [basic, idempotent, concurrent] = [ofLevel('basic'), ofLevel('idempotent'), ofLevel('concurrent')];

const ids = ['a', 'A', ' a', 'a:b', '__proto__', 'constructor', 'clé', '🔧', 'x'.repeat(512), '-', '*', 'a\n'];
const noIds = ['', 'x'.repeat(513), 'a\0b', '\ud800'];
const payloads: readonly unknown[] = [
  null,
  0,
  '',
  [],
  {},
  { deep: [{ a: 1, text: 'ü "x"\n', none: null }] },
  'x'.repeat(100_000),
  -1.5e300,
];
const noPayloads: readonly unknown[] = [undefined, Number.NaN, { at: new Date() }, () => undefined, 1n];

/** What is worked on, by whom and how often. */
export const itemCases: readonly KitCase<QueueProvider>[] = [
  basic('an item is worked on, with its id, its payload and a first attempt', async (trial) => {
    const desk = new Desk();
    trial.instance.work(queue, desk.handler);
    await trial.instance.enqueue(queue, 'kit', { a: [1, 'two'] });
    await desk.waitUntilDone(trial, 1);
    const [first] = desk.attempts;
    trial.equal('the payload', first?.payload, { a: [1, 'two'] });
    trial.equal('id and attempt', [first?.meta.id, first?.meta.attempt], ['kit', 1]);
    trial.equal('whether the signal has aborted', first?.meta.signal.aborted, false);
  }),

  basic('what was enqueued before anybody worked waits, and is taken in that order', async (trial) => {
    const names = numbers(30).map((n) => `kit-${(n * 7) % 30}`);
    for (const id of names) await trial.instance.enqueue(queue, id, id);
    const desk = new Desk();
    trial.instance.work(queue, desk.handler);
    await desk.waitUntilDone(trial, 30);
    trial.equal('the order', desk.ids, names);
  }),

  basic('payloads arrive as they were when they were enqueued', async (trial) => {
    const desk = new Desk();
    for (const [at, payload] of payloads.entries()) await trial.instance.enqueue(queue, `kit-${at}`, payload);
    const changed = { n: 1 };
    const enqueued = trial.instance.enqueue(queue, 'kit-changed', changed);
    changed.n = 2;
    await enqueued;
    trial.instance.work(queue, desk.handler);
    await desk.waitUntilDone(trial, payloads.length + 1);
    trial.equal(
      'the payloads',
      desk.attempts.map(({ payload }) => payload),
      [...payloads, { n: 1 }],
    );
  }),

  basic('a payload that is no JSON is refused with a TypeError', async (trial) => {
    for (const payload of noPayloads) {
      const error = await trial.rejects('enqueue', () => trial.instance.enqueue(queue, 'kit', payload));
      trial.holds('the rejection', error instanceof TypeError, 'TypeError', error);
    }
    const desk = new Desk();
    trial.instance.work(queue, desk.handler);
    await nothingElse(trial, desk, []);
  }),

  basic('ids that differ in anything are different items, and what is no id is refused', async (trial) => {
    for (const id of ids) await trial.instance.enqueue(queue, id, id);
    for (const id of noIds) {
      const error = await trial.rejects('enqueue', () => trial.instance.enqueue(queue, id, null));
      trial.holds(
        `the rejection of ${JSON.stringify(id.slice(0, 20))}`,
        error instanceof TypeError,
        'TypeError',
        error,
      );
    }
    const desk = new Desk();
    trial.instance.work(queue, desk.handler);
    await desk.waitUntilDone(trial, ids.length);
    trial.equal('the ids', desk.ids, ids);
  }),

  basic('two queues have nothing in common', async (trial) => {
    const names = ['kit.a', 'kit.A', 'kit:a', '__proto__', 'kit ü'];
    const desks = names.map((name) => {
      const desk = new Desk();
      trial.instance.work(workQueue<unknown>(name), desk.handler);
      return desk;
    });
    for (const name of names) await trial.instance.enqueue(workQueue<unknown>(name), 'kit', name);
    for (const [at, desk] of desks.entries()) {
      await desk.waitUntilDone(trial, 1);
      trial.equal(
        `what ${names[at]} was given`,
        desk.attempts.map(({ payload }) => payload),
        [names[at]],
      );
    }
  }),

  basic('work refuses a number of hands that is none', (trial) => {
    for (const parallel of [0, -1, 1.5, Number.NaN]) {
      let thrown: unknown;
      try {
        trial.instance.work(queue, () => undefined, { parallel });
      } catch (error) {
        thrown = error;
      }
      trial.holds(`work with ${parallel} hands`, thrown instanceof RangeError, 'a RangeError', thrown);
    }
    return Promise.resolve();
  }),

  idempotent('an item that waits is not enqueued a second time, and stays as it is', async (trial) => {
    await trial.instance.enqueue(queue, 'kit', 'first');
    await trial.instance.enqueue(queue, 'kit-other', 'other');
    await trial.instance.enqueue(queue, 'kit', 'second');
    const desk = new Desk();
    trial.instance.work(queue, desk.handler);
    await nothingElse(trial, desk, ['kit', 'kit-other']);
    trial.equal('the payload', desk.attempts[0]?.payload, 'first');
  }),

  idempotent('an item that is worked on is not enqueued a second time', async (trial) => {
    const latch = new Latch();
    const desk = new Desk((_, { id }) => (id === 'kit' ? latch.opened : undefined));
    try {
      trial.instance.work(queue, desk.handler);
      await trial.instance.enqueue(queue, 'kit', 'first');
      await desk.waitForAttempts(trial, 1);
      await trial.instance.enqueue(queue, 'kit', 'second');
    } finally {
      latch.open();
    }
    await nothingElse(trial, desk, ['kit']);
  }),

  idempotent('an item that is done is forgotten, and can be enqueued anew', async (trial) => {
    const desk = new Desk();
    trial.instance.work(queue, desk.handler);
    for (const n of numbers(3)) {
      await trial.instance.enqueue(queue, 'kit', n);
      await desk.waitUntilDone(trial, n + 1);
      // Whoever enqueues while the end is being noted may come too early.
      await desk.until(trial, 'nothing to run', () => desk.running === 0);
      await nothingUnderWay(trial, desk, n);
    }
  }),

  concurrent('a worker has as many items at a time as it has hands, and no more', async (trial) => {
    const latch = new Latch();
    const desk = new Desk(() => latch.opened);
    try {
      trial.instance.work(queue, desk.handler, { parallel: 3 });
      for (const n of numbers(10)) await trial.instance.enqueue(queue, `kit-${n}`, n);
      await desk.waitForAttempts(trial, 3);
      await turns();
      trial.equal('how many ran at once', desk.most, 3);
    } finally {
      latch.open();
    }
    await desk.waitUntilDone(trial, 10);
    trial.equal('how many ran at once, at most', desk.most, 3);
  }),

  concurrent('workers share the items of a queue, each worked on once', (trial) =>
    shared(trial, [trial.instance, trial.instance, trial.instance]),
  ),

  concurrent('several hosts share the items of a queue, each worked on once', async (trial) => {
    const { another } = trial.subject;
    if (!another) throw new KitSkip('the subject cannot be had by several hosts');
    await shared(trial, [trial.instance, await another(), await another()]);
  }),
];

/** An item that is done is forgotten when the next one of a worker with one hand begins. */
async function nothingUnderWay(trial: QueueTrial, desk: Desk, n: number): Promise<void> {
  await trial.instance.enqueue(queue, `kit-after-${n}`, n);
  await desk.until(trial, 'the item after it', () => desk.done.includes(`kit-after-${n}`));
  desk.done.splice(desk.done.indexOf(`kit-after-${n}`), 1);
}

async function shared(trial: QueueTrial, hosts: readonly QueueProvider[]): Promise<void> {
  const desk = new Desk(() => turns(2));
  for (const host of hosts) host.work(queue, desk.handler, { parallel: 2 });
  const names = numbers(60).map((n) => `kit-${n}`);
  const enqueue = (id: string, at: number): Promise<void> | undefined =>
    hosts[at % hosts.length]?.enqueue(queue, id, at);
  await trial.within('60 items to be enqueued', Promise.all(names.map(enqueue)));
  await desk.waitUntilDone(trial, 60);
  await turns();
  trial.equal('what was worked on', desk.ids.toSorted(), names.toSorted());
}
