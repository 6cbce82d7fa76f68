import type { Lifecycle } from '../../../core/plugin/index.js';
import type {
  Change,
  Collection,
  ListQuery,
  Page,
  StateEvent,
  StateProvider,
  Stored,
} from '../../../core/ports/index.js';
import {
  buildPage,
  ChangeFeed,
  checkExpectation,
  checkIndex,
  Declarations,
  decodeValue,
  keyRange,
  prepareChanges,
} from '../../../core/state/index.js';
import { type Row, Table } from './table.js';

/** Keeps everything in the memory of the process: for tests, and for what may be lost with the process. */
export class MemoryState implements StateProvider, Lifecycle {
  readonly durable = false;
  readonly #tables = new Map<string, Table>();
  readonly #declarations = new Declarations();
  readonly #feed = new ChangeFeed();
  #revision = 0;

  async get<T>(from: Collection<T>, key: string): Promise<Stored<T> | undefined> {
    const row = this.#table(from).get(key);
    return row && stored<T>(row);
  }

  async list<T>(from: Collection<T>, query?: ListQuery): Promise<Page<T>> {
    this.#declarations.meet(from);
    const range = keyRange(from, query);
    return buildPage(this.#table(from).rows(range), range, (row) => stored<T>(row));
  }

  async count<T>(from: Collection<T>, query: Pick<ListQuery, 'index'> = {}): Promise<number> {
    this.#declarations.meet(from);
    checkIndex(from, query.index);
    return this.#table(from).count(query.index);
  }

  async commit(changes: readonly Change[]): Promise<number> {
    const prepared = prepareChanges(changes);
    for (const change of prepared) {
      this.#declarations.meet(change.in);
      checkExpectation(change, this.#table(change.in).get(change.key)?.revision);
    }
    // From here on nothing can fail, so that all changes happen or none did.
    if (prepared.length > 0) this.#revision++;
    const revision = this.#revision;
    const done = prepared.filter((change) => change.kind === 'put' || this.#table(change.in).get(change.key));
    for (const change of done) {
      const table = this.#table(change.in);
      const { key } = change;
      if (change.kind === 'delete') table.delete(key);
      else table.put({ key, revision, value: decodeValue(change.in, key, change.encoded), entries: change.entries });
    }
    this.#feed.publish(done.map((change) => ({ change, revision })));
    return revision;
  }

  watch<T>(on: Collection<T>, signal: AbortSignal): AsyncIterable<StateEvent<T>> {
    return this.#feed.watch(on, signal);
  }

  stop(): void {
    this.#feed.close();
  }

  #table(of: Collection<never>): Table {
    let table = this.#tables.get(of.name);
    if (!table) {
      table = new Table();
      this.#tables.set(of.name, table);
    }
    return table;
  }
}

function stored<T>({ key, revision, value }: Row): Stored<T> {
  // What is in a table of T was written through a collection of T.
  return { key, revision, value: (value instanceof Uint8Array ? new Uint8Array(value) : value) as T };
}
