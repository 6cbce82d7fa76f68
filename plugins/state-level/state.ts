import { mkdir } from 'node:fs/promises';
import { dirname } from 'node:path';
import { ClassicLevel } from 'classic-level';
import {
  buildPage,
  type Change,
  ChangeFeed,
  type Collection,
  type CommittedChange,
  checkExpectation,
  checkIndex,
  Declarations,
  decodeValue,
  type IndexEntry,
  indexEntries,
  keyRange,
  type Lifecycle,
  type ListQuery,
  type Page,
  type PreparedChange,
  prepareChanges,
  type StateEvent,
  StateFault,
  type StateProvider,
  type Stored,
} from 'tutti/plugin';
import { stateFault } from './faults.ts';
import { below, keyOf, lastPart, startAt } from './keys.ts';
import { type Record, readRecord, writeRecord } from './record.ts';

type Database = ClassicLevel<Buffer, Buffer>;
type Operation = { type: 'put'; key: Buffer; value: Buffer } | { type: 'del'; key: Buffer };

/** How things are kept, for a later version that keeps them otherwise. */
const form = 1;
const nothing = Buffer.alloc(0);
/** Written to the disk before it counts as written. */
const durably = { sync: true } as const;

/**
 * Keeps everything in one LevelDB directory, which one host at a time may use. A commit is one batch: values, index entries
 * and the revision together, or nothing. Commits are made one after the other, so that each sees all before it.
 */
export class LevelState implements StateProvider, Lifecycle {
  readonly durable = true;
  readonly #directory: string;
  readonly #declarations = new Declarations();
  readonly #feed = new ChangeFeed();
  /** Collections that were met, and whose index entries may still be those of another declaration. */
  readonly #unchecked = new Map<string, { readonly collection: Collection<never>; readonly print: string }>();
  #database: Database | undefined;
  #revision = 0;
  #writing: Promise<unknown> = Promise.resolve();

  constructor(directory: string) {
    this.#directory = directory;
  }

  /** @throws StateFault when the directory cannot be used; its `reason` and text say why */
  async start(signal: AbortSignal): Promise<void> {
    signal.throwIfAborted();
    await mkdir(dirname(this.#directory), { recursive: true, mode: 0o700 });
    const database: Database = new ClassicLevel(this.#directory, { keyEncoding: 'buffer', valueEncoding: 'buffer' });
    try {
      await database.open();
      this.#revision = await this.#claim(database);
    } catch (error) {
      await database.close();
      throw stateFault(error, this.#directory);
    }
    this.#database = database;
  }

  /** Finishes the commits under way, then gives the directory back. */
  async stop(): Promise<void> {
    const database = this.#database;
    this.#database = undefined;
    await this.#writing;
    this.#feed.close();
    await database?.close();
  }

  get<T>(from: Collection<T>, key: string): Promise<Stored<T> | undefined> {
    return this.#use(async (database) => {
      const found = await database.get(keyOf('value', from.name, key));
      return found && stored(from, key, readRecord(found));
    });
  }

  list<T>(from: Collection<T>, query?: ListQuery): Promise<Page<T>> {
    return this.#use(async (database) => {
      const range = keyRange(from, query);
      await this.#meet(from);
      const { index, from: first, inclusive, limit } = range;
      const area = index ? below('index', from.name, index.name, index.equals) : below('value', from.name);
      // Keys and values as of one time, whatever is committed in between.
      const snapshot = database.snapshot();
      try {
        const bounds = { gte: startAt(area, first, inclusive), lt: area.lt, limit: limit + 1, snapshot };
        const keys = (await database.keys(bounds).all()).map((key) => lastPart(key, area));
        const records = await database.getMany(
          keys.map((key) => keyOf('value', from.name, key)),
          { snapshot },
        );
        const rows = keys.flatMap((key, at) => {
          const record = records[at];
          return record === undefined ? [] : [{ key, record }];
        });
        return buildPage(rows, range, ({ key, record }) => stored(from, key, readRecord(record)));
      } finally {
        await snapshot.close();
      }
    });
  }

  count<T>(from: Collection<T>, { index }: Pick<ListQuery, 'index'> = {}): Promise<number> {
    return this.#use(async (database) => {
      checkIndex(from, index);
      await this.#meet(from);
      const area = index ? below('index', from.name, index.name, index.equals) : below('value', from.name);
      let count = 0;
      for await (const _ of database.keys(area)) count += 1;
      return count;
    });
  }

  async commit(changes: readonly Change[]): Promise<number> {
    // At once: what the caller does to its values from here on no longer matters.
    const prepared = prepareChanges(changes);
    for (const { in: collection } of prepared) this.#declare(collection);
    return this.#inTurn(async (database) => {
      await this.#indexAnew(database);
      return this.#write(database, prepared);
    });
  }

  watch<T>(on: Collection<T>, signal: AbortSignal): AsyncIterable<StateEvent<T>> {
    return this.#feed.watch(on, signal);
  }

  async #write(database: Database, changes: readonly PreparedChange[]): Promise<number> {
    if (changes.length === 0) return this.#revision;
    const keys = changes.map((change) => keyOf('value', change.in.name, change.key));
    const found = (await database.getMany(keys)).map((record) => record && readRecord(record));
    for (const [at, change] of changes.entries()) checkExpectation(change, found[at]?.revision);
    // Never used again, even if it cannot be told whether the batch was written.
    this.#revision += 1;
    const revision = this.#revision;
    const done: CommittedChange[] = [];
    const batch: Operation[] = [{ type: 'put', key: keyOf('meta', 'revision'), value: numberBytes(revision) }];
    for (const [at, change] of changes.entries()) {
      const present = found[at];
      const key = keyOf('value', change.in.name, change.key);
      if (present) batch.push(...entriesOf(change.in, change.key, present).map((entry) => removal(entry)));
      if (change.kind === 'put') {
        batch.push({ type: 'put', key, value: writeRecord({ revision, encoded: change.encoded }) });
        batch.push(...change.entries.map((entry) => addition(indexKey(change.in, entry, change.key))));
      } else if (present) batch.push({ type: 'del', key });
      if (change.kind === 'put' || present) done.push({ change, revision });
    }
    await database.batch(batch, durably);
    this.#feed.publish(done);
    return revision;
  }

  #declare(collection: Collection<never>): void {
    this.#declarations.meet(collection, (print) => this.#unchecked.set(collection.name, { collection, print }));
  }

  async #meet(collection: Collection<never>): Promise<void> {
    this.#declare(collection);
    if (this.#unchecked.has(collection.name)) await this.#inTurn((database) => this.#indexAnew(database));
  }

  /** Before a collection is first used: values that were written under another declaration are indexed by this one. */
  async #indexAnew(database: Database): Promise<void> {
    for (const [name, { collection, print }] of this.#unchecked) {
      await this.#index(database, collection, Buffer.from(print));
      this.#unchecked.delete(name);
    }
  }

  async #index(database: Database, collection: Collection<never>, print: Buffer): Promise<void> {
    const printKey = keyOf('print', collection.name);
    if ((await database.get(printKey))?.equals(print)) return;
    const batch: Operation[] = [{ type: 'put', key: printKey, value: print }];
    for await (const key of database.keys(below('index', collection.name))) batch.push(removal(key));
    const area = below('value', collection.name);
    for await (const [stored, record] of database.iterator(area)) {
      batch.push(...entriesOf(collection, lastPart(stored, area), readRecord(record)).map((key) => addition(key)));
    }
    await database.batch(batch, durably);
  }

  /** @returns the last revision */
  async #claim(database: Database): Promise<number> {
    const formKey = keyOf('meta', 'form');
    const found = await database.get(formKey);
    if (found && numberIn(found) > form) {
      const message = `${this.#directory} was written by a newer version of this plugin; use that, or other data`;
      throw new StateFault('newer', message);
    }
    if (!found) {
      const [other] = await database.keys({ limit: 1 }).all();
      if (other) throw new StateFault('foreign', `${this.#directory} is the database of another program`);
      await database.batch([{ type: 'put', key: formKey, value: numberBytes(form) }], durably);
    }
    const revision = await database.get(keyOf('meta', 'revision'));
    return revision ? numberIn(revision) : 0;
  }

  #inTurn<R>(work: (database: Database) => Promise<R>): Promise<R> {
    const database = this.#database;
    const done = this.#writing.then(() => this.#use(work, database));
    // Who asked hears of a failure; who comes next does not care.
    this.#writing = done.catch(() => undefined);
    return done;
  }

  async #use<R>(work: (database: Database) => Promise<R>, database = this.#database): Promise<R> {
    if (!database) throw new StateFault('closed', `${this.#directory} is not open`);
    try {
      return await work(database);
    } catch (error) {
      throw stateFault(error, this.#directory);
    }
  }
}

function stored<T>(from: Collection<T>, key: string, { revision, encoded }: Record): Stored<T> {
  return { key, revision, value: decodeValue(from, key, encoded) };
}

/** The keys of all index entries of a value. */
function entriesOf(of: Collection<never>, key: string, { encoded }: Record): Buffer[] {
  if (Object.keys(of.indexes).length === 0) return [];
  const value = decodeValue(of as Collection<unknown>, key, encoded);
  return indexEntries(of as Collection<unknown>, key, value).map((entry) => indexKey(of, entry, key));
}

const indexKey = (of: Collection<never>, { index, equals }: IndexEntry, key: string): Buffer =>
  keyOf('index', of.name, index, equals, key);
const addition = (key: Buffer): Operation => ({ type: 'put', key, value: nothing });
const removal = (key: Buffer): Operation => ({ type: 'del', key });

function numberBytes(number: number): Buffer {
  const bytes = Buffer.alloc(8);
  bytes.writeBigUInt64BE(BigInt(number));
  return bytes;
}
const numberIn = (bytes: Buffer): number => Number(bytes.readBigUInt64BE());
