import { type Collection, collection, put, type StateProvider } from '../../ports/index.js';
import { keepsItsSize, timesSlower } from '../growth.js';
import type { KitCase } from '../kit.js';
import { type Doc, docs, reader, type StateTrial, watching } from './fixtures.js';

type Run = (trial: StateTrial) => Promise<void>;
const performance = (name: string, run: Run): KitCase<StateProvider> => ({ name, level: 'performance', run });

const indexes = { byGroup: ({ group }: Doc) => (group === undefined ? [] : [group]) };
const few = collection<Doc>('kit-few', indexes);
const many = collection<Doc>('kit-many', indexes);
const index = { name: 'byGroup', equals: 'wanted' };
/** How many times slower the larger may be: a scan would be a hundred times. */
const factor = 10;

/** Ten documents that are wanted among `count`. */
async function fill(trial: StateTrial, into: Collection<Doc>, count: number): Promise<void> {
  for (let at = 0; at < count; at += 500) {
    const part = Array.from({ length: Math.min(500, count - at) }, (_, n) => at + n);
    await trial.instance.commit(
      part.map((n) => put(into, `k${n}`, { n, group: n % (count / 10) === 0 ? 'wanted' : `g${n}` })),
    );
  }
}

async function isNoSlower(trial: StateTrial, what: string, read: (from: Collection<Doc>) => Promise<unknown>) {
  await fill(trial, few, 100);
  await fill(trial, many, 10_000);
  const times = await timesSlower(
    () => read(many),
    () => read(few),
  );
  trial.measured(`${times.toFixed(1)} times slower among 10,000 than among 100; at most ${factor}`);
  trial.holds(what, times <= factor, `at most ${factor} times that of 100`, `${times.toFixed(1)} times`);
}

/** What must not cost more as a store grows, and does not depend on how quick a machine is. */
export const performanceCases: readonly KitCase<StateProvider>[] = [
  performance('a list by index does not cost more in a large collection', (trial) =>
    isNoSlower(trial, 'what a list by index costs among 10,000', (from) => trial.instance.list(from, { index })),
  ),

  performance('a count by index does not cost more in a large collection', (trial) =>
    isNoSlower(trial, 'what a count by index costs among 10,000', (from) => trial.instance.count(from, { index })),
  ),

  performance('a get does not cost more in a large collection', (trial) =>
    isNoSlower(trial, 'what a get costs among 10,000', (from) => trial.instance.get(from, 'k50')),
  ),

  performance('memory does not grow with 10,000 commits of the same key', async (trial) => {
    await keepsItsSize(trial, 10_000, async (n) => {
      await trial.instance.commit([put(docs, 'same', { n, text: 'x'.repeat(1_000) })]);
    });
  }),

  performance(
    'a watch of 1,000 changes is complete, and memory does not grow with watches that ended',
    async (trial) => {
      await keepsItsSize(trial, 20, async () => {
        await watching(async (signal) => {
          const events = reader(trial.instance.watch(docs, signal));
          await Promise.all(
            Array.from({ length: 1_000 }, (_, n) => trial.instance.commit([put(docs, `k${n % 50}`, { n })])),
          );
          trial.equal('how many changes were seen', (await events.next(trial, 1_000)).length, 1_000);
        });
      });
    },
  ),
];
