import type { DatabaseSyncInstance } from '@photostructure/sqlite';

/** Each entry brings a file from its position to the next version. Entries are never changed, only added. */
const migrations: readonly string[] = [
  `
  -- A value is TEXT for JSON and BLOB for bytes. Keys and entries are written as text-order.ts says.
  CREATE TABLE state.records (
    id INTEGER PRIMARY KEY,
    collection TEXT NOT NULL,
    key TEXT NOT NULL,
    revision INTEGER NOT NULL,
    value NOT NULL,
    UNIQUE (collection, key)
  );
  CREATE TABLE state.index_entries (
    collection TEXT NOT NULL,
    name TEXT NOT NULL,
    equals TEXT NOT NULL,
    key TEXT NOT NULL,
    record INTEGER NOT NULL,
    PRIMARY KEY (collection, name, equals, key)
  ) WITHOUT ROWID;
  CREATE INDEX state.index_entries_of_record ON index_entries (record);
  -- With which indexes the values of a collection were written.
  CREATE TABLE state.collections (name TEXT PRIMARY KEY, print TEXT NOT NULL) WITHOUT ROWID;
  -- The last revision given out: kept apart from the records, because deleting those must not free it.
  CREATE TABLE state.revision (last INTEGER NOT NULL);
  INSERT INTO revision VALUES (0);
  `,
];

export const schemaVersion = migrations.length;

/** Runs inside the caller's transaction, so that a file is never between two versions. */
export function migrate(database: DatabaseSyncInstance, from: number): void {
  for (const migration of migrations.slice(from)) database.exec(migration);
}
