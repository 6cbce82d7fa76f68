import { closeSync, fchmodSync, fsyncSync, mkdirSync, openSync } from 'node:fs';
import { dirname } from 'node:path';
import { DatabaseSync, type DatabaseSyncInstance } from '@photostructure/sqlite';
import { StateFault } from '../../../core/ports/index.js';
import { stateFault } from './faults.js';
import { migrate, schemaVersion } from './schema.js';

export type Database = DatabaseSyncInstance;

/** Marks a file as ours (`TUTI`), so that no other program's database is taken for one. */
const applicationId = 0x54555449;

export interface DatabaseOptions {
  /** Absolute path. */
  readonly file: string;
  /** The file may not grow beyond this many bytes. */
  readonly maxBytes?: number | undefined;
}

/**
 * Opens the file, locks it for this process, and brings its schema up to date.
 *
 * @throws StateFault when another process has it, or it is damaged, newer than this program or not ours
 */
export function openDatabase({ file, maxBytes }: DatabaseOptions): Database {
  createPrivately(file);
  let database: Database | undefined;
  try {
    database = new DatabaseSync(file, { timeout: 0 });
    configure(database);
    adopt(database, file);
    if (maxBytes !== undefined) {
      const pages = Math.floor(maxBytes / numberOf(database, 'PRAGMA page_size'));
      database.exec(`PRAGMA max_page_count = ${pages}`);
    }
    return database;
  } catch (error) {
    database?.close();
    throw stateFault(error, file);
  }
}

/** Reads a single number. */
export function numberOf(database: Database, sql: string): number {
  const [value] = Object.values(database.prepare(sql).get() ?? {});
  if (typeof value !== 'number') throw new Error(`${sql} gave ${String(value)}`);
  return value;
}

/** Runs `work` in a transaction: all of it is durable when this returns, and none of it happened when it throws. */
export function transact<T>(database: Database, work: () => T): T {
  database.exec('BEGIN IMMEDIATE');
  try {
    const result = work();
    database.exec('COMMIT');
    return result;
  } catch (error) {
    // Some faults (a full disk) have already ended the transaction.
    if (database.isTransaction) database.exec('ROLLBACK');
    throw error;
  }
}

/** SQLite gives its -wal file the mode of the database, so the first file decides for all of them. */
function createPrivately(file: string): void {
  mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
  const descriptor = openSync(file, 'a', 0o600);
  fchmodSync(descriptor, 0o600);
  closeSync(descriptor);
  // SQLite makes the names of its journals durable, but this file existed before it looked.
  const directory = openSync(dirname(file), 'r');
  fsyncSync(directory);
  closeSync(directory);
}

function configure(database: Database): void {
  // Before the first access, so that the lock is taken for good and no shared-memory file is needed.
  database.exec('PRAGMA locking_mode = EXCLUSIVE');
  // Comparing big-endian UTF-16 byte by byte is code-unit order, which the port promises; UTF-8 would order otherwise.
  database.exec("PRAGMA encoding = 'UTF-16be'");
  database.exec('PRAGMA journal_mode = WAL');
  // FULL makes each commit wait for the disk; fullfsync makes macOS mean it.
  database.exec('PRAGMA synchronous = FULL; PRAGMA fullfsync = 1; PRAGMA checkpoint_fullfsync = 1');
  database.exec(`PRAGMA journal_size_limit = ${16 * 1024 * 1024}`);
}

function adopt(database: Database, file: string): void {
  const version = numberOf(database, 'PRAGMA user_version');
  const owner = numberOf(database, 'PRAGMA application_id');
  const isEmpty = numberOf(database, 'SELECT count(*) FROM sqlite_schema') === 0;
  if (!isEmpty && owner !== applicationId) {
    throw new StateFault('foreign', `${file} is a database of another program`);
  }
  if (version > schemaVersion) {
    throw new StateFault(
      'newer',
      `${file} was written by a newer version (its schema is ${version}, this program knows ${schemaVersion}); update this program`,
    );
  }
  transact(database, () => {
    migrate(database, version);
    database.exec(`PRAGMA application_id = ${applicationId}; PRAGMA user_version = ${schemaVersion}`);
  });
}
