import { put, remove, type StateEvent, type StateProvider } from '../../ports/index.js';
import type { KitCase } from '../kit.js';
import { type Doc, docs, others, reader, type StateTrial, watching } from './fixtures.js';

type Run = (trial: StateTrial) => Promise<void>;
const watch = (name: string, run: Run): KitCase<StateProvider> => ({ name, level: 'concurrent', run });

const describe = (event: StateEvent<Doc>): string =>
  `${event.revision} ${event.kind} ${event.key}${event.kind === 'put' ? ` ${event.value.n}` : ''}`;

/** What a watch shows. */
export const watchCases: readonly KitCase<StateProvider>[] = [
  watch('a watch sees puts and deletes with their revision and value', async (trial) => {
    await trial.instance.commit([put(docs, 'before', { n: 0 })]);
    await watching(async (signal) => {
      const events = reader(trial.instance.watch(docs, signal));
      const first = await trial.instance.commit([put(docs, 'a', { n: 1, tags: ['x'] }), put(others, 'o', { n: 5 })]);
      const second = await trial.instance.commit([remove(docs, 'a'), remove(docs, 'never-there')]);
      const third = await trial.instance.commit([put(docs, 'b', { n: 2 })]);
      trial.equal('the events', await events.next(trial, 3), [
        { kind: 'put', key: 'a', revision: first, value: { n: 1, tags: ['x'] } },
        { kind: 'delete', key: 'a', revision: second },
        { kind: 'put', key: 'b', revision: third, value: { n: 2 } },
      ]);
    });
  }),

  watch('a watch registers before the call returns', async (trial) => {
    await watching(async (signal) => {
      const watched = trial.instance.watch(docs, signal);
      const revision = await trial.instance.commit([put(docs, 'a', { n: 1 })]);
      const [event] = await reader(watched).next(trial, 1);
      trial.equal('the revision of the first event', event?.revision, revision);
    });
  }),

  watch('a slow reader loses nothing, and sees commits in their order', async (trial) => {
    await watching(async (signal) => {
      const slow = reader(trial.instance.watch(docs, signal));
      const other = reader(trial.instance.watch(docs, signal));
      const commits = Array.from({ length: 500 }, (_, n) =>
        trial.instance.commit([put(docs, `k${n % 17}`, { n })]).then((revision) => `${revision} put k${n % 17} ${n}`),
      );
      const written = (await Promise.all(commits)).sort((a, b) => Number.parseInt(a, 10) - Number.parseInt(b, 10));
      trial.equal('the events', (await slow.next(trial, 500)).map(describe), written);
      trial.equal('the events for another', (await other.next(trial, 500)).map(describe), written);
    });
  }),

  watch('a commit that met a conflict shows no event', async (trial) => {
    await watching(async (signal) => {
      const events = reader(trial.instance.watch(docs, signal));
      const changes = [put(docs, 'a', { n: 1 }), put(docs, 'b', { n: 2 }, 12_345)];
      await trial.rejects('a commit with a conflict', trial.instance.commit(changes));
      await trial.instance.commit([put(docs, 'c', { n: 3 })]);
      trial.equal(
        'the first event',
        (await events.next(trial, 1)).map(({ key }) => key),
        ['c'],
      );
    });
  }),

  watch('what an event says can be read', async (trial) => {
    await watching(async (signal) => {
      const events = reader(trial.instance.watch(docs, signal));
      const commit = trial.instance.commit([put(docs, 'a', { n: 1 })]);
      const [event] = await events.next(trial, 1);
      trial.equal('get', (await trial.instance.get(docs, 'a'))?.revision, event?.revision);
      await commit;
    });
  }),

  watch('a watch ends when its signal aborts', async (trial) => {
    await watching(async (signal, abort) => {
      const events = reader(trial.instance.watch(docs, signal));
      const ended = events.ended(trial);
      abort();
      trial.equal('whether the watch has ended', await ended, true);
      const late = reader(trial.instance.watch(docs, signal));
      trial.equal('whether a watch with an aborted signal has ended', await late.ended(trial), true);
    });
  }),

  watch('a watch ends when the provider stops, after what was committed before', async (trial) => {
    await watching(async (signal) => {
      const waiting = reader(trial.instance.watch(others, signal));
      const slow = reader(trial.instance.watch(docs, signal));
      await trial.instance.commit([put(docs, 'a', { n: 1 }), remove(docs, 'b')]);
      const [ended] = await Promise.all([waiting.ended(trial), trial.close()]);
      trial.equal('whether the watch that was waited for has ended', ended, true);
      trial.equal(
        'what a slow reader still gets',
        (await slow.next(trial, 1)).map(({ key }) => key),
        ['a'],
      );
      trial.equal('whether its watch has ended then', await slow.ended(trial), true);
      await trial.reopen();
    });
  }),

  watch('a reader that comes late finds all of 20,000 changes', async (trial) => {
    const parts = Array.from({ length: 20 }, (_, part) => Array.from({ length: 1_000 }, (_, n) => part * 1_000 + n));
    await watching(async (signal) => {
      const watched = trial.instance.watch(others, signal);
      for (const part of parts) await trial.instance.commit(part.map((n) => put(others, `k${n % 1_000}`, { n })));
      const expected = parts.flat();
      const seen: number[] = [];
      const reading = async (): Promise<void> => {
        for await (const event of watched) {
          seen.push(event.kind === 'put' ? event.value.n : Number.NaN);
          if (seen.length === expected.length) return;
        }
      };
      await trial.within('20,000 events of a watch', reading());
      const gap = expected.findIndex((n, at) => seen[at] !== n);
      trial.equal('how many events came', seen.length, expected.length);
      trial.holds('the events', gap === -1, 'each change once, in order', { at: gap, found: seen[gap] });
    });
  }),

  watch('a reader that leaves disturbs nobody', async (trial) => {
    await watching(async (signal) => {
      const leaving = reader(trial.instance.watch(docs, signal));
      const staying = reader(trial.instance.watch(docs, signal));
      await trial.instance.commit([put(docs, 'a', { n: 1 })]);
      await leaving.next(trial, 1);
      await leaving.stop();
      await trial.instance.commit([put(docs, 'b', { n: 2 })]);
      trial.equal(
        'the events',
        (await staying.next(trial, 2)).map(({ key }) => key),
        ['a', 'b'],
      );
    });
  }),
];
