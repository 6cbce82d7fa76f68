import { put, remove, type StateProvider } from '../../ports/index.js';
import type { KitCase } from '../kit.js';
import { randomNumbers } from '../random.js';
import { type Doc, docs, reader, watching } from './fixtures.js';

const keys = Array.from({ length: 9 }, (_, n) => `k${n}`);
const commits = 200;

/** Who follows the changes sees what the store holds. */
export const convergentCases: readonly KitCase<StateProvider>[] = [
  {
    name: 'a view that follows a watch becomes what the store holds',
    level: 'convergent',
    async run(trial) {
      const random = randomNumbers(trial.seed);
      await watching(async (signal) => {
        const events = reader(trial.instance.watch(docs, signal));
        const present = new Set<string>();
        const under: Promise<number>[] = [];
        for (let n = 0; n < commits; n++) {
          const key = keys[random(keys.length)] ?? '';
          const gone = present.has(key) && random(3) === 0;
          if (gone) present.delete(key);
          else present.add(key);
          under.push(trial.instance.commit([gone ? remove(docs, key) : put(docs, key, { n })]));
        }
        await trial.within('all commits', Promise.all(under));
        const view = new Map<string, { readonly key: string; readonly revision: number; readonly value: Doc }>();
        for (const event of await events.next(trial, commits)) {
          const { key, revision } = event;
          if (event.kind === 'put') view.set(key, { key, revision, value: event.value });
          else view.delete(key);
        }
        const { items } = await trial.instance.list(docs);
        trial.equal(
          'the view',
          [...view.values()].sort((a, b) => (a.key < b.key ? -1 : 1)),
          items,
        );
      });
    },
  },
];
