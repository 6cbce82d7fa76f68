import type { Encoded, IndexEntry } from '../../../core/state/index.js';
import type { Database } from './database.js';

export interface RecordRow {
  readonly key: string;
  readonly revision: number;
  readonly value: Encoded;
}
export interface RecordHead {
  readonly id: number;
  readonly revision: number;
}
interface Count {
  readonly count: number;
}

type Comparison = '>' | '>=';

/** The reading statements, by what they are for. A range begins at a key, which counts itself (`>=`) or not (`>`). */
export const queries = {
  get: 'SELECT key, revision, value FROM records WHERE collection = ? AND key = ?',
  list: (comparison: Comparison) =>
    `SELECT key, revision, value FROM records WHERE collection = ? AND key ${comparison} ? ORDER BY key`,
  // CROSS JOIN fixes the order of the loops: first the index, then the records that it names.
  listByIndex: (comparison: Comparison) =>
    `SELECT e.key, r.revision, r.value FROM index_entries e CROSS JOIN records r ON r.id = e.record
     WHERE e.collection = ? AND e.name = ? AND e.equals = ? AND e.key ${comparison} ? ORDER BY e.key`,
  count: 'SELECT count(*) AS count FROM records WHERE collection = ?',
  countByIndex: 'SELECT count(*) AS count FROM index_entries WHERE collection = ? AND name = ? AND equals = ?',
} as const;

/** Every statement of the store, prepared once and typed where the SQL stands that shapes its rows. */
export type Statements = ReturnType<typeof prepareStatements>;

// Its type is inferred: spelling it out would repeat every line of it.
export function prepareStatements(database: Database) {
  type Value = string | number | Uint8Array;
  const one = <R>(sql: string) => {
    const statement = database.prepare(sql);
    return (...values: Value[]): R | undefined => statement.get(...values);
  };
  const each = <R>(sql: string) => {
    const statement = database.prepare(sql);
    return (...values: Value[]): Iterable<R> => statement.iterate(...values);
  };
  const run = (sql: string) => {
    const statement = database.prepare(sql);
    return (...values: Value[]): number => Number(statement.run(...values).lastInsertRowid);
  };
  return {
    get: one<RecordRow>(queries.get),
    head: one<RecordHead>('SELECT id, revision FROM records WHERE collection = ? AND key = ?'),
    listFrom: each<RecordRow>(queries.list('>=')),
    listAfter: each<RecordRow>(queries.list('>')),
    listByIndexFrom: each<RecordRow>(queries.listByIndex('>=')),
    listByIndexAfter: each<RecordRow>(queries.listByIndex('>')),
    count: one<Count>(queries.count),
    countByIndex: one<Count>(queries.countByIndex),

    /** @returns the id of the new record */
    insert: run('INSERT INTO records (collection, key, revision, value) VALUES (?, ?, ?, ?)'),
    update: run('UPDATE records SET revision = ?, value = ? WHERE id = ?'),
    delete: run('DELETE FROM records WHERE id = ?'),

    entriesOf: each<IndexEntry>('SELECT name AS "index", equals FROM index_entries WHERE record = ?'),
    addEntry: run('INSERT INTO index_entries (collection, name, equals, key, record) VALUES (?, ?, ?, ?, ?)'),
    dropEntry: run('DELETE FROM index_entries WHERE collection = ? AND name = ? AND equals = ? AND key = ?'),
    dropEntriesOf: run('DELETE FROM index_entries WHERE record = ?'),

    lastRevision: one<{ readonly last: number }>('SELECT last FROM revision'),
    setLastRevision: run('UPDATE revision SET last = ?'),

    printOf: one<{ readonly print: string }>('SELECT print FROM collections WHERE name = ?'),
    setPrint: run('INSERT INTO collections VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET print = excluded.print'),
    dropEntriesIn: run('DELETE FROM index_entries WHERE collection = ?'),
    everyIn: each<RecordRow & RecordHead>('SELECT id, key, revision, value FROM records WHERE collection = ?'),
  };
}
