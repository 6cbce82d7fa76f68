import type { Health } from '../plugin/lifecycle.js';
import type { Collection, StateEvent, StateProvider, Stored } from '../ports/index.js';
import { allOf } from './pages.js';

interface Entry<V> {
  readonly revision: number;
  readonly value: V;
}

/**
 * A collection in memory, for what must be answered without asking the store.
 *
 * It follows the store by watching it, so that hosts which share one agree. A manager that commits tells the mirror at
 * once ({@link put}, {@link delete}) and so reads its own writes; what the watch says later of the same or an older
 * revision changes nothing.
 */
export class Mirror<T, V> {
  readonly #entries = new Map<string, Entry<V>>();
  /** Keys deleted here whose deletion the watch has not come to yet: older news must not bring them back. */
  readonly #deleted = new Map<string, number>();
  readonly #stopping = new AbortController();
  #following: Promise<void> = Promise.resolve();
  #failure: string | undefined;

  /**
   * @param project what is kept of a value; called once for each change
   * @param changed told of each change when the mirror has it; `undefined` stands for what is not there
   */
  constructor(
    private readonly state: StateProvider,
    private readonly collection: Collection<T>,
    private readonly project: (stored: Stored<T>) => V,
    private readonly changed: (key: string, now: V | undefined, before: V | undefined) => void = () => undefined,
  ) {}

  /** Loads everything. Resolves when the mirror is complete. */
  async start(): Promise<void> {
    // Watched before it is read: nothing falls between the two.
    const changes = this.state.watch(this.collection, this.#stopping.signal);
    for await (const stored of allOf(this.state, this.collection)) this.put(stored);
    this.#following = this.#follow(changes);
  }

  async stop(): Promise<void> {
    this.#stopping.abort();
    await this.#following;
  }

  /** Failed once the mirror no longer follows its collection. */
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
    const before = this.#entries.get(key);
    const known = before?.revision ?? this.#deleted.get(key) ?? 0;
    if (revision <= known) return;
    this.#deleted.delete(key);
    const value = this.project(stored);
    this.#entries.set(key, { revision, value });
    this.changed(key, value, before?.value);
  }

  /** @param revision of the commit that deleted it */
  delete(key: string, revision: number): void {
    const before = this.#entries.get(key);
    if (revision <= (before?.revision ?? 0)) return;
    this.#entries.delete(key);
    this.#deleted.set(key, revision);
    if (before) this.changed(key, undefined, before.value);
  }

  async #follow(changes: AsyncIterable<StateEvent<T>>): Promise<void> {
    try {
      for await (const change of changes) {
        if (change.kind === 'put') this.put(change);
        else this.#seenDeleted(change.key, change.revision);
      }
      if (!this.#stopping.signal.aborted) this.#failure = `the store no longer tells of ${this.collection.name}`;
    } catch (error) {
      this.#failure = `${this.collection.name} can no longer be followed: ${String(error)}`;
    }
  }

  #seenDeleted(key: string, revision: number): void {
    this.delete(key, revision);
    if ((this.#deleted.get(key) ?? 0) <= revision) this.#deleted.delete(key);
  }
}
