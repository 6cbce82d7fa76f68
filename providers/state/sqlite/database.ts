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
 * Opens the file, locks it for this process, and brings its schema up to date.
 *
 * @throws StateFault when another process has it, or it is damaged, newer than this program or not ours
 */
export function openDatabase({ file, maxBytes }: DatabaseOptions): Database {
  createPrivately(file);
  const database = new DatabaseSync(file, { timeout: 0 });
  try {
    const version = checkOwner(database, file);
    configure(database);
    transact(database, () => {
      migrate(database, version);
      database.exec(`PRAGMA application_id = ${applicationId}; PRAGMA user_version = ${schemaVersion}`);
    });
    if (maxBytes !== undefined) {
      const pages = Math.floor(maxBytes / numberOf(database, 'SELECT page_size FROM pragma_page_size'));
      database.exec(`PRAGMA max_page_count = ${pages}`);
    }
    return database;
  } catch (error) {
    database.close();
    throw stateFault(error, file);
  }
}

/**
 * Gives the file back, with everything in it and nothing beside it.
 *
 * The library keeps a closed database open until its statements are collected as garbage, lock included. The lock
 * therefore has to be given back before: leaving WAL writes the log into the file and makes that possible.
 */
export function closeDatabase(database: Database): void {
  try {
    database.exec('PRAGMA journal_mode = DELETE; PRAGMA locking_mode = NORMAL; SELECT count(*) FROM sqlite_schema');
  } finally {
    database.close();
  }
}

/** Reads a single number without a prepared statement, which would keep a database open that is to be closed. */
function numberOf(database: Database, query: string): number {
  let found: unknown;
  database.function('found', (value: unknown) => {
    found = value;
    return null;
  });
  database.exec(`SELECT found((${query}))`);
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
  // Held until the file is closed, so that two hosts can never share it.
  database.exec('PRAGMA locking_mode = EXCLUSIVE; PRAGMA journal_mode = WAL');
  // FULL makes each commit wait for the disk; fullfsync makes macOS mean it.
  database.exec('PRAGMA synchronous = FULL; PRAGMA fullfsync = 1; PRAGMA checkpoint_fullfsync = 1');
  database.exec(`PRAGMA journal_size_limit = ${16 * 1024 * 1024}`);
}

/** @returns the version of the file's schema; 0 when it is empty */
function checkOwner(database: Database, file: string): number {
  const version = numberOf(database, 'SELECT user_version FROM pragma_user_version');
  const owner = numberOf(database, 'SELECT application_id FROM pragma_application_id');
  const isEmpty = numberOf(database, 'SELECT count(*) FROM sqlite_schema') === 0;
  if (!isEmpty && owner !== applicationId) {
    throw new StateFault('foreign', `${file} is a database of another program`);
  }
  if (version > schemaVersion) {
    const versions = `its schema is ${version}, this program knows ${schemaVersion}`;
    throw new StateFault('newer', `${file} was written by a newer version (${versions}); update this program`);
  }
  return version;
}
