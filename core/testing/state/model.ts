import fc from 'fast-check';
import { put, remove, StateConflict, type StateProvider } from '../../ports/index.js';
import { shownCounterexample } from '../counterexample.js';
import type { KitCase } from '../kit.js';
import { KitFailure } from '../trial.js';
import { type Doc, docs, type StateTrial } from './fixtures.js';

/** What a history may ask for. Few keys and entries, so that operations meet each other. */
interface Operation {
  readonly puts: readonly (readonly [key: string, doc: Doc])[];
  readonly deletes: readonly string[];
  /** How each touched key's expectation is made from the present: right, none, or wrong. */
  readonly expectation: 'present' | 'none' | 'wrong';
  readonly prefix: string;
  readonly after: string;
  readonly limit: number;
}

const key = fc.constantFrom('', 'a', 'ab', 'b', 'B', 'é', '\uFF5E', '\u{1F600}');
const entry = fc.constantFrom('', 'x', 'y');
const doc: fc.Arbitrary<Doc> = fc.record(
  { n: fc.integer(), group: entry, tags: fc.array(entry, { maxLength: 3 }), text: fc.string({ unit: 'binary' }) },
  { requiredKeys: ['n'], noNullPrototype: true },
);
const operation: fc.Arbitrary<Operation> = fc.record({
  puts: fc.uniqueArray(fc.tuple(key, doc), { maxLength: 3, selector: ([name]) => name }),
  deletes: fc.uniqueArray(key, { maxLength: 2 }),
  expectation: fc.constantFrom('present', 'present', 'none', 'wrong'),
  prefix: fc.constantFrom('', '', 'a', 'é'),
  after: key,
  limit: fc.integer({ min: 1, max: 4 }),
});

interface Kept {
  readonly key: string;
  readonly revision: number;
  readonly value: Doc;
}

/** Performs one operation on the store and on the model, and compares all that can be seen of both. */
async function step(trial: StateTrial, model: Map<string, Kept>, operation: Operation): Promise<void> {
  const store = trial.instance;
  const { puts, expectation } = operation;
  const deletes = operation.deletes.filter((name) => !puts.some(([other]) => other === name));
  const expect = (name: string): number | 'absent' | undefined => {
    const present = model.get(name)?.revision ?? 'absent';
    if (expectation === 'none') return undefined;
    return expectation === 'present' ? present : present === 'absent' ? 1 : 'absent';
  };
  const changes = [
    ...puts.map(([name, value]) => put(docs, name, value, expect(name))),
    ...deletes.map((name) => remove(docs, name, expect(name))),
  ];
  if (expectation === 'wrong' && changes.length > 0) {
    const error = await trial.rejects('a commit with a wrong expectation', store.commit(changes));
    trial.holds('the error', error instanceof StateConflict, 'a StateConflict', error);
  } else {
    const revision = await store.commit(changes);
    for (const [name, value] of puts) model.set(name, { key: name, revision, value });
    for (const name of deletes) model.delete(name);
  }
  await compare(trial, model, operation);
}

async function compare(trial: StateTrial, model: Map<string, Kept>, { prefix, after, limit }: Operation) {
  const store = trial.instance;
  const all = [...model.values()].sort((a, b) => (a.key < b.key ? -1 : 1));
  trial.equal('all values', (await store.list(docs)).items, all);
  const inRange = all.filter((kept) => kept.key.startsWith(prefix) && kept.key > after);
  const items = inRange.slice(0, limit);
  const next = inRange.length > limit ? items.at(-1)?.key : undefined;
  const page = { items, ...(next !== undefined && { next }) };
  trial.equal('a page', await store.list(docs, { prefix, after, limit }), page);
  for (const equals of ['', 'x', 'y']) {
    const inGroup = all.filter(({ value }) => value.group === equals);
    const tagged = all.filter(({ value }) => value.tags?.includes(equals));
    for (const [name, expected] of [['byGroup', inGroup] as const, ['byTag', tagged] as const]) {
      const index = { name, equals };
      trial.equal(`list of ${name}=${equals}`, (await store.list(docs, { index })).items, expected);
      trial.equal(`count of ${name}=${equals}`, await store.count(docs, { index }), expected.length);
    }
  }
}

/** Begins the next history on an empty collection. */
async function empty({ instance }: StateTrial): Promise<void> {
  const { items } = await instance.list(docs, { limit: 1_000 });
  await instance.commit(items.map((item) => remove(docs, item.key)));
}

export const modelCases: readonly KitCase<StateProvider>[] = [
  {
    name: 'random histories agree with a simple model',
    level: 'model',
    async run(trial) {
      const property = fc.asyncProperty(fc.array(operation, { maxLength: 12 }), async (history) => {
        await empty(trial);
        const model = new Map<string, Kept>();
        for (const each of history) await step(trial, model, each);
      });
      const result = await fc.check(property, { seed: trial.seed, numRuns: trial.histories });
      if (!result.failed) return;
      const { errorInstance: cause, counterexample, counterexamplePath: path } = result;
      const { what, expected, found } =
        cause instanceof KitFailure ? cause : new KitFailure('a history', 'no error', String(cause));
      const example = `after ${shownCounterexample(counterexample?.[0])} (path ${path})`;
      throw new KitFailure(`${what} ${example}`, expected, found, { cause });
    },
  },
];
