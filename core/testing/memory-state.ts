import type { Collection, StateProvider, Stored } from '../ports/state.js';
import {
  buildPage,
  ChangeFeed,
  type CommittedChange,
  checkExpectation,
  checkIndex,
  decodeValue,
  keyRange,
  type PreparedPut,
  prepareChanges,
} from '../state/index.js';

type Row = PreparedPut & { readonly revision: number };

/**
 * A state in memory that keeps to the contract, for tests of what uses one. It makes lists by looking at all it has.
 *
 * @experimental
 */
export function memoryState(): StateProvider {
  const tables = new Map<string, Map<string, Row>>();
  const feed = new ChangeFeed();
  let revision = 0;
  const tableOf = <T>({ name }: Collection<T>): Map<string, Row> => {
    const table = tables.get(name) ?? new Map<string, Row>();
    tables.set(name, table);
    return table;
  };
  const rowsOf = <T>(from: Collection<T>, index?: { readonly name: string; readonly equals: string }): Row[] => {
    checkIndex(from, index);
    const all = [...tableOf(from).values()].sort((a, b) => (a.key < b.key ? -1 : 1));
    return index === undefined
      ? all
      : all.filter(({ entries }) =>
          entries.some((entry) => entry.index === index.name && entry.equals === index.equals),
        );
  };
  const stored = <T>(from: Collection<T>, row: Row): Stored<T> => ({
    key: row.key,
    revision: row.revision,
    value: decodeValue(from, row.key, row.encoded),
  });
  return {
    durable: false,
    get: async (from, key) => {
      const row = tableOf(from).get(key);
      return row && stored(from, row);
    },
    list: async (from, query) => {
      const range = keyRange(from, query);
      const begins = ({ key }: Row): boolean => (range.inclusive ? key >= range.from : key > range.from);
      return buildPage(rowsOf(from, range.index).filter(begins), range, (row) => stored(from, row));
    },
    count: async (from, query) => rowsOf(from, query?.index).length,
    commit: async (changes) => {
      const prepared = prepareChanges(changes);
      for (const change of prepared) checkExpectation(change, tableOf(change.in).get(change.key)?.revision);
      if (prepared.length > 0) revision++;
      const done: CommittedChange[] = [];
      for (const change of prepared) {
        const table = tableOf(change.in);
        const was = change.kind === 'put' || table.delete(change.key);
        if (change.kind === 'put') table.set(change.key, { ...change, revision });
        if (was) done.push({ change, revision });
      }
      feed.publish(done);
      return revision;
    },
    watch: (on, signal) => feed.watch(on, signal),
  };
}
