import { type ListQuery, put, remove, type StateProvider } from '../../ports/index.js';
import type { KitCase } from '../kit.js';
import { docs, refused, type StateTrial } from './fixtures.js';

type Run = (trial: StateTrial) => Promise<void>;
const basic = (name: string, run: Run): KitCase<StateProvider> => ({ name, level: 'basic', run });

const keysOf = async (trial: StateTrial, query?: ListQuery): Promise<string[]> =>
  (await trial.instance.list(docs, query)).items.map(({ key }) => key);

/** Puts many documents, some in one commit and some in another, in no order of keys. */
async function fill(trial: StateTrial, count: number): Promise<string[]> {
  const keys = Array.from({ length: count }, (_, n) => `k${String((n * 7919) % count).padStart(5, '0')}`);
  for (let at = 0; at < count; at += 100) {
    const part = keys.slice(at, at + 100);
    await trial.instance.commit(part.map((key) => put(docs, key, { n: Number(key.slice(1)), group: 'all' })));
  }
  return keys.sort();
}

/** Follows `next` to the end. */
async function everyPage(trial: StateTrial, query: ListQuery): Promise<string[][]> {
  const pages: string[][] = [];
  let after: string | undefined;
  do {
    const page = await trial.instance.list(docs, { ...query, ...(after !== undefined && { after }) });
    pages.push(page.items.map(({ key }) => key));
    trial.holds('next', page.next === undefined || page.next !== after, 'to move on', page.next);
    after = page.next;
  } while (after !== undefined);
  return pages;
}

/** Order, ranges, pages and indexes. */
export const listingCases: readonly KitCase<StateProvider>[] = [
  basic('a list of nothing is an empty last page', async (trial) => {
    trial.equal('list', await trial.instance.list(docs), { items: [] });
    trial.equal('count', await trial.instance.count(docs), 0);
  }),

  basic('a list is in key order by code unit', async (trial) => {
    // U+1F600 begins with the code unit D83D, before U+FF5E, though its code point and its UTF-8 come after.
    const keys = ['b', 'a', 'B', 'aa', '', '10', '9', 'é', '\uFF5E', '\u{1F600}', 'z'];
    for (const [n, key] of keys.entries()) await trial.instance.commit([put(docs, key, { n, group: 'g' })]);
    trial.equal('list', await keysOf(trial), [...keys].sort());
    trial.equal('list by index', await keysOf(trial, { index: { name: 'byGroup', equals: 'g' } }), [...keys].sort());
  }),

  basic('a prefix selects keys, and nothing else is special in it', async (trial) => {
    const keys = ['a', 'ab', 'a%', 'a_', 'a*', 'abc', 'b', 'ba', '\uFFFF', '\uFFFF1', 'é', 'e\u0301'];
    await trial.instance.commit(keys.map((key, n) => put(docs, key, { n, group: key.startsWith('ab') ? 'g' : 'h' })));
    for (const prefix of ['', 'a', 'ab', 'a%', 'a_', 'b', 'c', '\uFFFF', 'e']) {
      const expected = keys.filter((key) => key.startsWith(prefix)).sort();
      trial.equal(`list of ${JSON.stringify(prefix)}`, await keysOf(trial, { prefix }), expected);
    }
    const index = { name: 'byGroup', equals: 'g' };
    trial.equal('prefix within an index', await keysOf(trial, { index, prefix: 'abc' }), ['abc']);
    trial.equal('prefix and after', await keysOf(trial, { prefix: 'a', after: 'a_' }), ['ab', 'abc']);
    trial.equal('prefix, after before it', await keysOf(trial, { prefix: 'b', after: 'a' }), ['b', 'ba']);
    trial.equal('prefix, after behind it', await keysOf(trial, { prefix: 'a', after: 'b' }), []);
  }),

  basic('a page has 100 items unless told, 1 to 1,000 when told', async (trial) => {
    const keys = await fill(trial, 1_001);
    trial.equal('the default', await keysOf(trial), keys.slice(0, 100));
    trial.equal('1,000', await keysOf(trial, { limit: 1_000 }), keys.slice(0, 1_000));
    trial.equal('1', await keysOf(trial, { limit: 1 }), keys.slice(0, 1));
  }),

  basic('a limit out of range is refused with a RangeError', async (trial) => {
    for (const limit of [0, -1, 1_001, 1.5, Number.NaN, Number.POSITIVE_INFINITY]) {
      await refused(trial, `a limit of ${limit}`, trial.instance.list(docs, { limit }), RangeError);
    }
  }),

  basic('pages follow each other without gap or repetition, and the last one has no next', async (trial) => {
    const keys = await fill(trial, 60);
    const index = { name: 'byGroup', equals: 'all' };
    for (const query of [{}, { index }, { prefix: 'k' }, { prefix: 'k000', index }]) {
      const expected = keys.filter((key) => key.startsWith(query.prefix ?? ''));
      for (const limit of [1, 7, 20, 30, 60, 61]) {
        const pages = await everyPage(trial, { ...query, limit });
        trial.equal(`pages of ${limit}`, pages.flat(), expected);
        trial.equal(`how many pages of ${limit}`, pages.length, Math.max(1, Math.ceil(expected.length / limit)));
      }
    }
    trial.equal('after a key that is not there', await keysOf(trial, { after: 'k00010x', limit: 1 }), ['k00011']);
  }),

  basic('an index finds what its function says, and follows every change', async (trial) => {
    const find = async (name: string, equals: string): Promise<string[]> => {
      const index = { name, equals };
      const keys = await keysOf(trial, { index });
      trial.equal(`count of ${name}=${equals}`, await trial.instance.count(docs, { index }), keys.length);
      return keys;
    };
    await trial.instance.commit([
      put(docs, 'a', { n: 1, group: 'g', tags: ['x', 'y', 'x'] }),
      put(docs, 'b', { n: 2, tags: ['y'] }),
      put(docs, 'c', { n: 3, group: '' }),
    ]);
    trial.equal('group g', await find('byGroup', 'g'), ['a']);
    trial.equal('the empty entry', await find('byGroup', ''), ['c']);
    trial.equal('tag x, given twice', await find('byTag', 'x'), ['a']);
    trial.equal('tag y', await find('byTag', 'y'), ['a', 'b']);
    trial.equal('an entry of the other index', await find('byTag', 'g'), []);
    await trial.instance.commit([put(docs, 'a', { n: 1, group: 'h', tags: ['y', 'z'] }), remove(docs, 'b')]);
    trial.equal('group g', await find('byGroup', 'g'), []);
    trial.equal('group h', await find('byGroup', 'h'), ['a']);
    trial.equal('tag x', await find('byTag', 'x'), []);
    trial.equal('tag y', await find('byTag', 'y'), ['a']);
    trial.equal('tag z', await find('byTag', 'z'), ['a']);
    const page = await trial.instance.list(docs, { index: { name: 'byTag', equals: 'z' } });
    trial.equal('the value', page.items[0]?.value, { n: 1, group: 'h', tags: ['y', 'z'] });
  }),

  basic('an index that is not declared is refused with a TypeError', async (trial) => {
    for (const name of ['byNothing', 'constructor']) {
      const index = { name, equals: 'x' };
      await refused(trial, `a list by ${name}`, trial.instance.list(docs, { index }), TypeError);
      await refused(trial, `a count by ${name}`, trial.instance.count(docs, { index }), TypeError);
    }
  }),
];
