import { put, remove, type StateProvider } from '../../ports/index.js';
import type { KitCase, KitLevel } from '../kit.js';
import { docs, others, type StateTrial } from './fixtures.js';

type Run = (trial: StateTrial) => Promise<void>;
const large = (name: string, run: Run, level: KitLevel = 'basic'): KitCase<StateProvider> => ({ name, level, run });

/** More than a page has, and than most stores take in one go. */
const many = 1_500;
const numbers = Array.from({ length: many }, (_, n) => n);
const keyOf = (n: number): string => `k${String(n).padStart(5, '0')}`;
const changes = numbers.map((n) => put(docs, keyOf(n), { n, group: n % 2 === 0 ? 'even' : 'odd' }));
const even = { name: 'byGroup', equals: 'even' };
const odd = { name: 'byGroup', equals: 'odd' };

/** Commits and collections that no page and no batch of a store holds. */
export const largeCases: readonly KitCase<StateProvider>[] = [
  large('a count is of all values, however many there are', async (trial) => {
    await trial.instance.commit(changes);
    await trial.instance.commit(changes.map(({ key }, n) => put(docs, `more-${key}`, { n, group: 'even' })));
    trial.equal('count', await trial.instance.count(docs), 2 * many);
    trial.equal('count of an index entry', await trial.instance.count(docs, { index: even }), many + many / 2);
  }),

  large('a commit that deletes 1,000 values leaves none of their index entries', async (trial) => {
    await trial.instance.commit(changes);
    await trial.instance.commit(numbers.slice(0, 1_000).map((n) => remove(docs, keyOf(n))));
    trial.equal('count', await trial.instance.count(docs), many - 1_000);
    for (const index of [even, odd]) {
      const left = numbers.slice(1_000).filter((n) => (n % 2 === 0 ? even : odd) === index);
      trial.equal(`count of ${index.equals}`, await trial.instance.count(docs, { index }), left.length);
      const { items } = await trial.instance.list(docs, { index, limit: 1_000 });
      trial.equal(
        `list of ${index.equals}`,
        items.map(({ key }) => key),
        left.map(keyOf),
      );
    }
  }),

  large('a commit that changes 1,000 values moves all of their index entries', async (trial) => {
    await trial.instance.commit(changes);
    await trial.instance.commit(numbers.slice(0, 1_000).map((n) => put(docs, keyOf(n), { n, group: 'moved' })));
    const count = (equals: string): Promise<number> =>
      trial.instance.count(docs, { index: { name: 'byGroup', equals } });
    trial.equal('count of moved', await count('moved'), 1_000);
    trial.equal('count of even', await count('even'), (many - 1_000) / 2);
    trial.equal('count of odd', await count('odd'), (many - 1_000) / 2);
  }),

  large('a commit of 1,500 changes has one revision', async (trial) => {
    const revision = await trial.instance.commit(changes);
    for (const n of [0, 99, 100, 101, 999, 1_000, 1_001, many - 1]) {
      trial.equal(`the revision of change ${n}`, (await trial.instance.get(docs, keyOf(n)))?.revision, revision);
    }
  }),

  large('a commit of 1,500 changes with a conflict at its end writes none of them', async (trial) => {
    await trial.rejects('the commit', trial.instance.commit([...changes, put(others, 'last', { n: 0 }, 999_999)]));
    trial.equal('count', await trial.instance.count(docs), 0);
    trial.equal('count of an index entry', await trial.instance.count(docs, { index: even }), 0);
  }),

  large(
    'readers see all of a commit of 1,500 changes or nothing',
    async (trial) => {
      let written = false;
      const writing = trial.instance.commit(changes).finally(() => {
        written = true;
      });
      const looking = async (): Promise<void> => {
        while (!written) {
          const seen = await trial.instance.count(docs);
          trial.holds('how many values there are', seen === 0 || seen === many, `0 or ${many}`, seen);
          await new Promise((resolve) => setImmediate(resolve));
        }
      };
      await Promise.all([writing, looking()]);
      trial.equal('count', await trial.instance.count(docs), many);
    },
    'concurrent',
  ),
];
