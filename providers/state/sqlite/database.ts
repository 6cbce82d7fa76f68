import { chmodSync, closeSync, existsSync, fsyncSync, mkdirSync, openSync } from 'node:fs';
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
 * Opens the file as the schema `state`, locks it for this store, and brings it up to date.
 *
 * The file is attached to a database in memory, because only a file that is detached is closed at once: the library
 * keeps a closed database open, lock included, until its statements are collected as garbage.
 *
 * @throws StateFault when another has it, or it is damaged, newer than this program or not ours
 */
export function openDatabase({ file, maxBytes }: DatabaseOptions): Database {
  createPrivately(file);
  const database = new DatabaseSync(':memory:', { timeout: 0 });
  try {
    // Held until the file is closed, so that two hosts can never share it; before anything is read of it.
    database.exec(`PRAGMA locking_mode = EXCLUSIVE; ATTACH '${file.replaceAll("'", "''")}' AS state`);
    const version = checkOwner(database, file);
    configure(database);
    // A file that is up to date is not written to: it can be opened on a full disk.
    if (version < schemaVersion) {
      transact(database, () => {
        migrate(database, version);
        database.exec(`PRAGMA state.application_id = ${applicationId}; PRAGMA state.user_version = ${schemaVersion}`);
      });
    }
    if (maxBytes !== undefined) {
      const pages = Math.floor(maxBytes / numberOf(database, 'PRAGMA state.page_size'));
      database.exec(`PRAGMA state.max_page_count = ${pages}`);
    }
    return database;
  } catch (error) {
    closeDatabase(database);
    throw stateFault(error, file);
  }
}

/**
 * Gives the file back, with everything in it and nothing beside it. Where there is no space for that, the log of what was
 * committed stays beside it, and whoever opens the file next reads it.
 */
export function closeDatabase(database: Database): void {
  try {
    const isAttached = numberOf(database, "SELECT count(*) FROM pragma_database_list WHERE name = 'state'") === 1;
    if (isAttached) database.exec('DETACH state');
  } finally {
    database.close();
  }
}

function numberOf(database: Database, query: string): number {
  const [found]: unknown[] = Object.values(database.prepare(query).get() ?? {});
  if (typeof found !== 'number') throw new Error(`${query} gave ${String(found)}`);
  return found;
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

/**
 * SQLite gives its -wal file the mode of the database, so the first file decides for all of them.
 *
 * A file that exists must not be opened here: on POSIX, closing it would give up every lock that this process holds on
 * it, those of an open database included.
 */
function createPrivately(file: string): void {
  mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
  if (existsSync(file)) {
    chmodSync(file, 0o600);
    return;
  }
  closeSync(openSync(file, 'ax', 0o600));
  // SQLite makes the names of its journals durable, but this file existed before it looked.
  const directory = openSync(dirname(file), 'r');
  fsyncSync(directory);
  closeSync(directory);
}

function configure(database: Database): void {
  database.exec('PRAGMA state.journal_mode = WAL');
  // FULL makes each commit wait for the disk; fullfsync makes macOS mean it.
  database.exec('PRAGMA state.synchronous = FULL; PRAGMA fullfsync = 1; PRAGMA checkpoint_fullfsync = 1');
  database.exec(`PRAGMA state.journal_size_limit = ${16 * 1024 * 1024}`);
}

/** @returns the version of the file's schema; 0 when it is empty */
function checkOwner(database: Database, file: string): number {
  const version = numberOf(database, 'PRAGMA state.user_version');
  const owner = numberOf(database, 'PRAGMA state.application_id');
  const isEmpty = numberOf(database, 'SELECT count(*) FROM state.sqlite_schema') === 0;
  if (!isEmpty && owner !== applicationId) {
    throw new StateFault('foreign', `${file} is a database of another program`);
  }
  if (version > schemaVersion) {
    const versions = `its schema is ${version}, this program knows ${schemaVersion}`;
    throw new StateFault('newer', `${file} was written by a newer version (${versions}); update this program`);
  }
  return version;
}
