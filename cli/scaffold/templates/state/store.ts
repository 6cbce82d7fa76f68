import {
  buildPage,
  type Change,
  ChangeFeed,
  type Collection,
  checkExpectation,
  checkIndex,
  Declarations,
  decodeValue,
  type Encoded,
  type IndexEntry,
  keyRange,
  type Lifecycle,
  type ListQuery,
  type Page,
  prepareChanges,
  type StateEvent,
  type StateProvider,
  type Stored,
} from 'tutti/plugin';

/** A value as it is kept. */
interface Row {
  readonly key: string;
  readonly revision: number;
  readonly encoded: Encoded;
  readonly entries: readonly IndexEntry[];
}

/** Of one collection. */
interface Table {
  readonly rows: Map<string, Row>;
  /** Keys by index and entry, so that no query looks at all values. */
  readonly indexes: Map<string, Set<string>>;
}

/** Names of indexes and entries hold no NUL. */
const indexId = ({ index, equals }: IndexEntry): string => `${index}\0${equals}`;

export class Store implements StateProvider, Lifecycle {
  readonly durable = false;
  readonly #tables = new Map<string, Table>();
  /** Notices collections that are declared in two ways. A durable store asks it also whether to index anew. */
  readonly #declarations = new Declarations();
  readonly #feed = new ChangeFeed();
  #revision = 0;

  async get<T>(from: Collection<T>, key: string): Promise<Stored<T> | undefined> {
    const row = this.#table(from).rows.get(key);
    return row && stored(from, row);
  }

  async list<T>(from: Collection<T>, query?: ListQuery): Promise<Page<T>> {
    this.#declarations.meet(from);
    const range = keyRange(from, query);
    const { rows } = this.#table(from);
    // A real store keeps its keys in order.
    const keys = [...this.#keys(from, range.index)].sort();
    const start = keys.findIndex((key) => (range.inclusive ? key >= range.from : key > range.from));
    const found = start < 0 ? [] : keys.slice(start).flatMap((key) => rows.get(key) ?? []);
    return buildPage(found, range, (row) => stored(from, row));
  }

  async count<T>(from: Collection<T>, { index }: Pick<ListQuery, 'index'> = {}): Promise<number> {
    this.#declarations.meet(from);
    checkIndex(from, index);
    return [...this.#keys(from, index)].length;
  }

  async commit(changes: readonly Change[]): Promise<number> {
    // Checks and encodes all of it at once: what callers do to their objects afterwards no longer matters.
    const prepared = prepareChanges(changes);
    for (const change of prepared) {
      this.#declarations.meet(change.in);
      checkExpectation(change, this.#table(change.in).rows.get(change.key)?.revision);
    }
    // From here on nothing may fail: all changes happen, or none did. In a real store this is a transaction.
    if (prepared.length > 0) this.#revision += 1;
    const revision = this.#revision;
    const done = prepared.filter((change) => change.kind === 'put' || this.#table(change.in).rows.has(change.key));
    for (const change of done) {
      const table = this.#table(change.in);
      remove(table, change.key);
      if (change.kind === 'put') add(table, { ...change, revision });
    }
    // After it is safe, and before its caller hears of it.
    this.#feed.publish(done.map((change) => ({ change, revision })));
    return revision;
  }

  watch<T>(on: Collection<T>, signal: AbortSignal): AsyncIterable<StateEvent<T>> {
    return this.#feed.watch(on, signal);
  }

  stop(): void {
    this.#feed.close();
  }

  #keys(of: Collection<never>, index: ListQuery['index']): Iterable<string> {
    const { rows, indexes } = this.#table(of);
    return index ? (indexes.get(indexId({ index: index.name, equals: index.equals })) ?? []) : rows.keys();
  }

  #table({ name }: Collection<never>): Table {
    const table = this.#tables.get(name) ?? { rows: new Map(), indexes: new Map() };
    this.#tables.set(name, table);
    return table;
  }
}

function add({ rows, indexes }: Table, row: Row): void {
  rows.set(row.key, row);
  for (const entry of row.entries) {
    const keys = indexes.get(indexId(entry)) ?? new Set();
    indexes.set(indexId(entry), keys.add(row.key));
  }
}

function remove({ rows, indexes }: Table, key: string): void {
  for (const entry of rows.get(key)?.entries ?? []) indexes.get(indexId(entry))?.delete(key);
  rows.delete(key);
}

function stored<T>(from: Collection<T>, { key, revision, encoded }: Row): Stored<T> {
  return { key, revision, value: decodeValue(from, key, encoded) };
}
