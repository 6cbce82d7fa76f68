import { type Collection, collection, put, remove, type StateProvider } from '../../ports/index.js';
import type { KitCase } from '../kit.js';
import { type Doc, docs, type StateTrial } from './fixtures.js';

type Run = (trial: StateTrial) => Promise<void>;
const basic = (name: string, run: Run): KitCase<StateProvider> => ({ name, level: 'basic', run });

/** What every object of JavaScript has already. */
const inherited = ['__proto__', 'constructor', 'prototype', 'toString', 'hasOwnProperty', 'valueOf', 'length'];

/** Names that become one where a store makes paths, tables or words of them. */
const alike = ['kit-a.b', 'kit-a-b', 'kit-a_b', 'kit-a/b', 'kit-a:b', 'kit-a b', 'kit-a%2Fb', 'kit-ab', 'kit-A.B'];

/** What a store may put between the parts of a name of its own. */
const separators = ['/', ':', '.', '-', '_', '!', '~', '|', '\u0001', 'x'];

const named = (name: string): Collection<Doc> =>
  collection<Doc>(name, { byGroup: ({ group }) => (group ? [group] : []) });

/** Writes a document for each place, then expects each to be where it was put, and alone in what it is found under. */
async function apart(trial: StateTrial, places: readonly (readonly [Collection<Doc>, key: string])[]): Promise<void> {
  for (const [n, [into, key]] of places.entries()) await trial.instance.commit([put(into, key, { n, group: 'g' })]);
  for (const [n, [from, key]] of places.entries()) {
    const where = `${JSON.stringify(key)} in ${JSON.stringify(from.name)}`;
    trial.equal(where, (await trial.instance.get(from, key))?.value, { n, group: 'g' });
    const own = places.filter(([{ name }]) => name === from.name).length;
    const index = { name: 'byGroup', equals: 'g' };
    trial.equal(`count of ${JSON.stringify(from.name)}`, await trial.instance.count(from), own);
    trial.equal(`its list by index`, (await trial.instance.list(from, { index })).items.length, own);
  }
}

/** Which names are the same, and which only look so. */
export const nameCases: readonly KitCase<StateProvider>[] = [
  basic('collections whose names are nearly the same share nothing', async (trial) => {
    await apart(
      trial,
      alike.map((name) => [named(name), 'key']),
    );
    await trial.instance.commit([remove(named('kit-a.b'), 'key')]);
    trial.equal('the deleted value', await trial.instance.get(named('kit-a.b'), 'key'), undefined);
    for (const name of alike.slice(1)) {
      trial.equal(`count of ${JSON.stringify(name)}`, await trial.instance.count(named(name)), 1);
    }
  }),

  basic('where a collection ends and a key begins is never mistaken', async (trial) => {
    const places = separators.flatMap((separator) => [
      [named('kit-p'), `${separator}q`] as const,
      [named(`kit-p${separator}`), 'q'] as const,
    ]);
    await apart(trial, places);
  }),

  basic('where an index ends and an entry begins is never mistaken', async (trial) => {
    for (const separator of separators) {
      const of = collection<Doc>(`kit-index-${separators.indexOf(separator)}`, {
        p: ({ group }) => (group ? [`${separator}q`] : []),
        [`p${separator}`]: ({ tags }) => (tags ? ['q'] : []),
      });
      await trial.instance.commit([put(of, 'a', { n: 1, group: 'g' }), put(of, 'b', { n: 2, tags: [] })]);
      for (const [name, equals, key] of [
        ['p', `${separator}q`, 'a'],
        [`p${separator}`, 'q', 'b'],
      ] as const) {
        const { items } = await trial.instance.list(of, { index: { name, equals } });
        trial.equal(
          `list by ${JSON.stringify(name)} of ${JSON.stringify(equals)}`,
          items.map((item) => item.key),
          [key],
        );
      }
    }
  }),

  basic('names of what every object has are names like any other', async (trial) => {
    for (const key of inherited) trial.equal(`get of ${key}`, await trial.instance.get(docs, key), undefined);
    await apart(trial, [
      ...inherited.map((key) => [named('kit-inherited'), key] as const),
      ...inherited.map((name) => [named(name), 'key'] as const),
    ]);
    const tagged = inherited.map((tag, n) => put(docs, tag, { n, tags: [tag] }));
    await trial.instance.commit(tagged);
    for (const equals of inherited) {
      const { items } = await trial.instance.list(docs, { index: { name: 'byTag', equals } });
      trial.equal(
        `list by the entry ${equals}`,
        items.map(({ key }) => key),
        [equals],
      );
    }
    await trial.instance.commit(inherited.map((key) => remove(docs, key)));
    trial.equal('count after their deletes', await trial.instance.count(docs), 0);
  }),
];
