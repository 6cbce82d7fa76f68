import type {
  Change,
  Collection,
  ListQuery,
  Page,
  StateEvent,
  StateProvider,
  Stored,
} from '../../../core/plugin/index.js';
import type { MakeSubject } from '../../../core/testing/index.js';
import { MemoryState } from '../../../providers/state/memory/index.js';

/** A store that works, for mutants to break in one place. */
export class Mutant implements StateProvider {
  readonly durable: boolean = false;
  protected readonly inner = new MemoryState();

  get<T>(from: Collection<T>, key: string): Promise<Stored<T> | undefined> {
    return this.inner.get(from, key);
  }
  list<T>(from: Collection<T>, query?: ListQuery): Promise<Page<T>> {
    return this.inner.list(from, query);
  }
  count<T>(from: Collection<T>, query?: Pick<ListQuery, 'index'>): Promise<number> {
    return this.inner.count(from, query);
  }
  commit(changes: readonly Change[]): Promise<number> {
    return this.inner.commit(changes);
  }
  watch<T>(on: Collection<T>, signal: AbortSignal): AsyncIterable<StateEvent<T>> {
    return this.inner.watch(on, signal);
  }
  stop(): void {
    this.inner.stop();
  }
}

const withoutExpectation = ({ expect: _, ...change }: Change): Change => change;

/** Reads, looks away, then writes without looking again. */
export class LosesCompareAndSwap extends Mutant {
  override async commit(changes: readonly Change[]): Promise<number> {
    for (const { in: collection, key, expect } of changes) {
      const found = (await this.inner.get(collection, key))?.revision ?? 'absent';
      if (expect !== undefined && expect !== found) return this.inner.commit(changes);
    }
    await new Promise((resolve) => setImmediate(resolve));
    return this.inner.commit(changes.map(withoutExpectation));
  }
}

/** Writes the changes of a commit one by one. */
export class WritesInParts extends Mutant {
  override async commit(changes: readonly Change[]): Promise<number> {
    let revision = 0;
    for (const change of changes) {
      revision = await this.inner.commit([change]);
      await new Promise((resolve) => setImmediate(resolve));
    }
    return revision;
  }
}

/** Keeps only so much for a slow reader. */
export class DropsWatchEvents extends Mutant {
  override async *watch<T>(on: Collection<T>, signal: AbortSignal): AsyncIterable<StateEvent<T>> {
    let seen = 0;
    for await (const event of this.inner.watch(on, signal)) if (++seen !== 300) yield event;
  }
}

/** Begins to watch when it is first read. */
export class WatchesLate extends Mutant {
  override watch<T>(on: Collection<T>, signal: AbortSignal): AsyncIterable<StateEvent<T>> {
    const begin = (): AsyncIterator<StateEvent<T>> => this.inner.watch(on, signal)[Symbol.asyncIterator]();
    let iterator: AsyncIterator<StateEvent<T>> | undefined;
    const next = (): Promise<IteratorResult<StateEvent<T>>> => {
      iterator ??= begin();
      return iterator.next();
    };
    return { [Symbol.asyncIterator]: () => ({ next }) };
  }
}

/** Orders keys as people do. */
export class OrdersByLocale extends Mutant {
  override async list<T>(from: Collection<T>, query?: ListQuery): Promise<Page<T>> {
    const page = await this.inner.list(from, query);
    return { ...page, items: [...page.items].sort((a, b) => a.key.localeCompare(b.key, 'en')) };
  }
}

/** Hands out one object that is everybody's. */
export class SharesValues extends Mutant {
  readonly #shared = new Map<string, unknown>();
  override async get<T>(from: Collection<T>, key: string): Promise<Stored<T> | undefined> {
    const found = await this.inner.get(from, key);
    if (!found) return undefined;
    const id = `${from.name}/${key}/${found.revision}`;
    if (!this.#shared.has(id)) this.#shared.set(id, structuredClone(found.value));
    return { ...found, value: this.#shared.get(id) as T };
  }
}

/** Says `next` although nothing follows. */
export class InventsNextPage extends Mutant {
  override async list<T>(from: Collection<T>, query: ListQuery = {}): Promise<Page<T>> {
    const page = await this.inner.list(from, query);
    const last = page.items.at(-1);
    return last && page.items.length === (query.limit ?? 100) ? { ...page, next: last.key } : page;
  }
}

/** Numbers each key by itself and starts again when it was deleted. */
export class ReusesRevisions extends Mutant {
  readonly #offsets = new Map<string, number>();
  override async commit(changes: readonly Change[]): Promise<number> {
    const revision = await this.inner.commit(changes);
    const [change] = changes;
    if (!change) return revision;
    const id = `${change.in.name}/${change.key}`;
    const offset = this.#offsets.get(id) ?? 0;
    this.#offsets.set(id, change.kind === 'delete' ? revision : offset);
    return revision - offset;
  }
}

/** Takes a conflict for an answer. */
export class SwallowsConflicts extends Mutant {
  override commit(changes: readonly Change[]): Promise<number> {
    return this.inner.commit(changes).catch(() => 1);
  }
}

/** Tells of changes two by two, the later one first. */
export class SwapsWatchEvents extends Mutant {
  override watch<T>(on: Collection<T>, signal: AbortSignal): AsyncIterable<StateEvent<T>> {
    const watched = this.inner.watch(on, signal);
    return (async function* () {
      let held: StateEvent<T> | undefined;
      for await (const event of watched) {
        if (held === undefined) {
          held = event;
          continue;
        }
        yield event;
        yield held;
        held = undefined;
      }
    })();
  }
}

/** Looks at every value to find those of an index. */
export class ScansForAnIndex extends Mutant {
  override async list<T>(from: Collection<T>, query: ListQuery = {}): Promise<Page<T>> {
    if (query.index === undefined) return this.inner.list(from, query);
    for (let after: string | undefined, page = await this.inner.list(from, { limit: 1_000 }); ; ) {
      for (const { key } of page.items) await this.inner.get(from, key);
      after = page.next;
      if (after === undefined) return this.inner.list(from, query);
      page = await this.inner.list(from, { limit: 1_000, after });
    }
  }
}

/** Keeps every value that it ever had. */
export class KeepsEverything extends Mutant {
  readonly #kept: unknown[] = [];
  override commit(changes: readonly Change[]): Promise<number> {
    this.#kept.push(structuredClone(changes.map(({ key, ...change }) => ('value' in change ? change.value : key))));
    this.#kept.push(new Array(1_000).fill(this.#kept.length));
    return this.inner.commit(changes);
  }
}

/** Survives a restart, but for what was deleted before it. */
export class ForgetsDeletes extends Mutant {
  override readonly durable = true;
  readonly #deleted = new Map<string, Change>();

  override async commit(changes: readonly Change[]): Promise<number> {
    for (const change of changes) {
      const found = change.kind === 'delete' ? await this.inner.get(change.in, change.key) : undefined;
      if (found) this.#deleted.set(change.key, { kind: 'put', in: change.in, key: change.key, value: found.value });
      else this.#deleted.delete(change.key);
    }
    return this.inner.commit(changes);
  }

  async reopen(): Promise<StateProvider> {
    await this.inner.commit([...this.#deleted.values()]);
    return this;
  }
}

/** Subjects of a store that can be closed and reopened. */
export const reopened =
  (mutant: new () => ForgetsDeletes): MakeSubject<StateProvider> =>
  async () => {
    const instance = new mutant();
    const none = async (): Promise<void> => undefined;
    return { instance, close: none, reopen: () => instance.reopen(), dispose: none };
  };

export const subjects =
  (mutant: new () => Mutant): MakeSubject<StateProvider> =>
  async () => {
    const instance = new mutant();
    return {
      instance,
      close: async () => instance.stop(),
      reopen: async () => instance,
      dispose: async () => instance.stop(),
    };
  };
