import type { Clock } from '../plugin/clock.js';
import type { Health } from '../plugin/lifecycle.js';
import { type Collection, type StateEvent, StateFault, type StateProvider, type Stored } from '../ports/index.js';
import { backoff } from '../work/index.js';
import { allOf } from './pages.js';

interface Entry<V> {
  readonly revision: number;
  readonly value: V;
}

/** What a {@link Mirror} is made of. */
export interface MirrorParts<T, V> {
  readonly state: StateProvider;
  readonly collection: Collection<T>;
  readonly clock: Clock;
  /** What is kept of a value; called once for each change. */
  readonly project: (stored: Stored<T>) => V;
  /** Told of each change when the mirror has it; `undefined` stands for what is not there. */
  readonly changed?: (key: string, now: V | undefined, before: V | undefined) => void;
}

/** Waits before the store is read again, milliseconds: the first, and the longest. */
const firstWait = 100;
const longestWait = 5000;

/**
 * A collection in memory, for what must be answered without asking the store.
 *
 * It follows the store by watching it, so that hosts which share one agree. A manager that commits tells the mirror at
 * once ({@link put}, {@link delete}) and so reads its own writes; what the watch says later of the same or an older
 * revision changes nothing, and neither does a commit whose end the manager hears of after what others did next. When the store has lost its history, everything is read anew.
 */
export class Mirror<T, V> {
  readonly #parts: MirrorParts<T, V>;
  readonly #entries = new Map<string, Entry<V>>();
  /** Keys deleted here whose deletion the watch has not come to yet: older news must not bring them back. */
  readonly #deleted = new Map<string, number>();
  /** The newest revision that the watch has told of: what was there before it, and is not here, has been deleted. */
  #told = 0;
  readonly #stopping = new AbortController();
  /** Keys that were told of while everything is read anew: what was read of them may be older. */
  #touched: Set<string> | undefined;
  #following: Promise<void> = Promise.resolve();
  #failure: string | undefined;

  constructor(parts: MirrorParts<T, V>) {
    this.#parts = parts;
  }

  /** Loads everything. Resolves when the mirror is complete. */
  async start(): Promise<void> {
    const { state, collection } = this.#parts;
    // Watched before it is read: nothing falls between the two.
    const changes = state.watch(collection, this.#stopping.signal);
    for await (const stored of allOf(state, collection)) this.put(stored);
    this.#following = this.#follow(changes);
  }

  async stop(): Promise<void> {
    this.#stopping.abort();
    await this.#following;
  }

  /** Failed while the mirror does not follow its collection. */
  health(): Health {
    return this.#failure === undefined ? { status: 'ok' } : { status: 'failed', reason: this.#failure };
  }

  get(key: string): V | undefined {
    return this.#entries.get(key)?.value;
  }

  /** The revision of what {@link get} returns. */
  revision(key: string): number | undefined {
    return this.#entries.get(key)?.revision;
  }

  *values(): Generator<readonly [key: string, value: V], void, undefined> {
    for (const [key, { value }] of this.#entries) yield [key, value];
  }

  get size(): number {
    return this.#entries.size;
  }

  put(stored: Stored<T>): void {
    const { key, revision } = stored;
    this.#touched?.add(key);
    const before = this.#entries.get(key);
    const known = before?.revision ?? this.#deleted.get(key) ?? 0;
    // Of the newest commit the watch may have told a part: a key of it that is not here can still come.
    if (revision <= known || (!before && revision < this.#told)) return;
    this.#deleted.delete(key);
    this.#set(stored, before);
  }

  /** @param revision of the commit that deleted it */
  delete(key: string, revision: number): void {
    this.#touched?.add(key);
    const before = this.#entries.get(key);
    if (revision <= (before?.revision ?? 0)) return;
    this.#drop(key);
    if (revision > this.#told) this.#deleted.set(key, revision);
  }

  async #follow(first: AsyncIterable<StateEvent<T>>): Promise<void> {
    const { name } = this.#parts.collection;
    try {
      for (let changes: AsyncIterable<StateEvent<T>> | undefined = first; changes; ) {
        changes = (await this.#followTo(changes)) ? await this.#readAnew() : undefined;
      }
      if (!this.#stopping.signal.aborted) this.#failure = `the store no longer tells of ${name}`;
    } catch (error) {
      this.#failure = `${name} can no longer be followed: ${String(error)}`;
    }
  }

  /** @returns whether the watch ended because changes were missed or undone */
  async #followTo(changes: AsyncIterable<StateEvent<T>>): Promise<boolean> {
    try {
      for await (const change of changes) {
        this.#told = change.revision;
        if (change.kind === 'put') this.put(change);
        else this.#seenDeleted(change.key, change.revision);
      }
      return false;
    } catch (error) {
      if (error instanceof StateFault && error.reason === 'history') return true;
      throw error;
    }
  }

  /** @returns what goes on from there, or `undefined` when the mirror stops */
  async #readAnew(): Promise<AsyncIterable<StateEvent<T>> | undefined> {
    const { state, collection, clock } = this.#parts;
    const { signal } = this.#stopping;
    // A store that has lost commits may count from less.
    this.#told = 0;
    for (let attempt = 1; !signal.aborted; attempt++) {
      const over = new AbortController();
      try {
        this.#touched = new Set();
        const changes = state.watch(collection, AbortSignal.any([signal, over.signal]));
        const present = new Map<string, Stored<T>>();
        for await (const stored of allOf(state, collection)) present.set(stored.key, stored);
        this.#become(present, this.#touched);
        this.#failure = undefined;
        return changes;
      } catch (error) {
        over.abort();
        if (!(error instanceof StateFault)) throw error;
        this.#failure = `${collection.name} cannot be read anew: ${error.message}`;
        await clock.delay(backoff(attempt, firstWait, longestWait), signal).catch(() => undefined);
      } finally {
        this.#touched = undefined;
      }
    }
    return undefined;
  }

  /** Takes what is stored for the truth, also where it is older: what was newer has been undone. */
  #become(present: ReadonlyMap<string, Stored<T>>, touched: ReadonlySet<string>): void {
    this.#deleted.clear();
    for (const key of [...this.#entries.keys()]) if (!present.has(key) && !touched.has(key)) this.#drop(key);
    for (const [key, stored] of present) {
      const before = this.#entries.get(key);
      if (!touched.has(key) && before?.revision !== stored.revision) this.#set(stored, before);
    }
  }

  #set(stored: Stored<T>, before: Entry<V> | undefined): void {
    const { key, revision } = stored;
    const value = this.#parts.project(stored);
    this.#entries.set(key, { revision, value });
    this.#parts.changed?.(key, value, before?.value);
  }

  #drop(key: string): void {
    const before = this.#entries.get(key);
    this.#entries.delete(key);
    if (before) this.#parts.changed?.(key, undefined, before.value);
  }

  #seenDeleted(key: string, revision: number): void {
    this.delete(key, revision);
    if ((this.#deleted.get(key) ?? 0) <= revision) this.#deleted.delete(key);
  }
}
