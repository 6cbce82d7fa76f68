import type { Health, Lifecycle, Logger } from '../../../core/plugin/index.js';
import {
  type Change,
  type Collection,
  type ListQuery,
  type Page,
  type StateEvent,
  StateFault,
  type StateProvider,
  type Stored,
} from '../../../core/ports/index.js';
import {
  buildPage,
  ChangeFeed,
  checkIndex,
  Declarations,
  decodeValue,
  fromStored,
  type KeyRange,
  keyRange,
  type PreparedChange,
  prepareChanges,
  toStored,
} from '../../../core/state/index.js';
import { closeDatabase, type Database, type DatabaseOptions, openDatabase } from './database.js';
import { stateFault } from './faults.js';
import { GroupCommit } from './group-commit.js';
import { prepareStatements, type RecordRow, type Statements } from './statements.js';
import { type Outcome, Writer } from './writer.js';

interface Opened {
  readonly database: Database;
  readonly statements: Statements;
  readonly writer: Writer;
}

/** Keeps everything in one SQLite file that one host at a time may use. */
export class SqliteState implements StateProvider, Lifecycle {
  readonly durable = true;
  readonly #declarations = new Declarations();
  readonly #feed = new ChangeFeed();
  readonly #commits = new GroupCommit((batch) => this.#run(batch));
  #opened: Opened | undefined;
  #fault: StateFault | undefined;

  constructor(
    private readonly options: DatabaseOptions,
    private readonly log: Logger,
  ) {}

  /** @throws StateFault when the file cannot be used; its `reason` and text say why */
  start(signal?: AbortSignal): void {
    signal?.throwIfAborted();
    const database = openDatabase(this.options);
    const statements = prepareStatements(database);
    this.#opened = { database, statements, writer: new Writer(database, statements, this.options.file) };
  }

  async get<T>(from: Collection<T>, key: string): Promise<Stored<T> | undefined> {
    return this.#use(({ statements }) => {
      const row = statements.get(from.name, toStored(key));
      return row && stored(from, row, key);
    });
  }

  async list<T>(from: Collection<T>, query?: ListQuery): Promise<Page<T>> {
    return this.#use((opened) => {
      this.#meet(opened, from);
      const range = keyRange(from, query);
      return buildPage(rows(opened.statements, from, range), range, (row) => stored(from, row, row.key));
    });
  }

  async count<T>(from: Collection<T>, { index }: Pick<ListQuery, 'index'> = {}): Promise<number> {
    return this.#use((opened) => {
      this.#meet(opened, from);
      checkIndex(from, index);
      const { count, countByIndex } = opened.statements;
      return (index ? countByIndex(from.name, index.name, toStored(index.equals)) : count(from.name))?.count ?? 0;
    });
  }

  async commit(changes: readonly Change[]): Promise<number> {
    const prepared = this.#use((opened) => {
      for (const change of changes) this.#meet(opened, change.in);
      return prepareChanges(changes);
    });
    return this.#commits.commit(prepared);
  }

  watch<T>(on: Collection<T>, signal: AbortSignal): AsyncIterable<StateEvent<T>> {
    return this.#feed.watch(on, signal);
  }

  /** Writes what waits, then gives the file back. */
  stop(): void {
    if (!this.#opened) return;
    this.#commits.flush();
    this.#feed.close();
    const { database } = this.#opened;
    this.#opened = undefined;
    closeDatabase(database);
  }

  health(): Health {
    return this.#fault ? { status: 'failed', reason: this.#fault.message } : { status: 'ok' };
  }

  #run(batch: readonly (readonly PreparedChange[])[]): readonly Outcome[] {
    const outcomes = this.#use(({ writer }) => writer.commitAll(batch));
    this.#note(outcomes);
    for (const outcome of outcomes) if (!(outcome instanceof Error)) this.#feed.publish(outcome.done);
    return outcomes;
  }

  /** Remembers whether the store takes writes, for health; says so once. */
  #note(outcomes: readonly Outcome[]): void {
    const fault = outcomes.find((outcome) => outcome instanceof StateFault);
    if (fault && fault.reason !== this.#fault?.reason) this.log.error(fault.message, { cause: fault.cause });
    if (fault || outcomes.some((outcome) => 'revision' in outcome)) this.#fault = fault;
  }

  #meet(opened: Opened, collection: Collection<never>): void {
    this.#declarations.meet(collection, (print) => {
      if (opened.writer.reindex(collection, print)) this.log.info('indexed anew', { collection: collection.name });
    });
  }

  #use<R>(work: (opened: Opened) => R): R {
    const { file } = this.options;
    if (!this.#opened) throw new StateFault('closed', `${file} is not open`);
    try {
      return work(this.#opened);
    } catch (error) {
      throw stateFault(error, file);
    }
  }
}

function* rows(statements: Statements, of: Collection<never>, range: KeyRange): Iterable<RecordRow> {
  const { index, inclusive } = range;
  const from = toStored(range.from);
  const { listFrom, listAfter, listByIndexFrom, listByIndexAfter } = statements;
  const found = index
    ? (inclusive ? listByIndexFrom : listByIndexAfter)(of.name, index.name, toStored(index.equals), from)
    : (inclusive ? listFrom : listAfter)(of.name, from);
  for (const row of found) yield { ...row, key: fromStored(row.key) };
}

function stored<T>(from: Collection<T>, { revision, value }: RecordRow, key: string): Stored<T> {
  return { key, revision, value: decodeValue(from, key, value) };
}
