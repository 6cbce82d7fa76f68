import type { Change, Collection, ListQuery, Page, StateEvent, Stored } from '../../../core/plugin/index.js';
import { Mutant } from './state.js';

/** Goes on with its watches when it has stopped. */
export class WatchesForEver extends Mutant {
  override stop(): void {
    // Whoever watches waits.
  }
}

const plain = (error: unknown): never => {
  throw error instanceof TypeError || error instanceof RangeError ? new Error(error.message) : error;
};

/** Has one kind of error for all that cannot be done. */
export class ThrowsPlainErrors extends Mutant {
  override list<T>(from: Collection<T>, query?: ListQuery): Promise<Page<T>> {
    return this.inner.list(from, query).catch(plain);
  }
  override commit(changes: readonly Change[]): Promise<number> {
    return this.inner.commit(changes).catch(plain);
  }
}

/** Keeps values as members of an object that has some already. */
export class LosesInheritedNames extends Mutant {
  override async get<T>(from: Collection<T>, key: string): Promise<Stored<T> | undefined> {
    return key in {} ? undefined : this.inner.get(from, key);
  }
}

/** Writes a hundred changes at a time. */
export class SplitsLargeCommits extends Mutant {
  override async commit(changes: readonly Change[]): Promise<number> {
    let revision = 0;
    for (let at = 0; at === 0 || at < changes.length; at += 100) {
      revision = await this.inner.commit(changes.slice(at, at + 100));
      await new Promise((resolve) => setImmediate(resolve));
    }
    return revision;
  }
}

/** Counts what a page holds. */
export class CountsOnePage extends Mutant {
  override async count<T>(from: Collection<T>, query: Pick<ListQuery, 'index'> = {}): Promise<number> {
    return (await this.inner.list(from, { ...query, limit: 1_000 })).items.length;
  }
}

/** Leaves index entries behind where many values are changed at once. */
export class LeavesIndexEntries extends Mutant {
  #left = 0;
  override async commit(changes: readonly Change[]): Promise<number> {
    const found = await Promise.all(changes.map(({ in: from, key }) => this.inner.get(from, key)));
    const revision = await this.inner.commit(changes);
    if (changes.length > 50) this.#left += found.filter((each) => each !== undefined).length;
    return revision;
  }
  override async count<T>(from: Collection<T>, query: Pick<ListQuery, 'index'> = {}): Promise<number> {
    return (await this.inner.count(from, query)) + (query.index ? this.#left : 0);
  }
}

/** One index for all, with the names of each before its entries. */
const asOneIndex = <T>(of: Collection<T>): Collection<T> => ({
  ...of,
  indexes: {
    all: (value) =>
      Object.entries(of.indexes).flatMap(([name, entries]) => entries(value).map((entry) => name + entry)),
  },
});

/** Takes the end of an index's name for the beginning of an entry. */
export class JoinsIndexesAndEntries extends Mutant {
  override list<T>(from: Collection<T>, { index, ...query }: ListQuery = {}): Promise<Page<T>> {
    const joined = index && { index: { name: 'all', equals: index.name + index.equals } };
    return this.inner.list(asOneIndex(from), { ...query, ...joined });
  }
  override commit(changes: readonly Change[]): Promise<number> {
    return this.inner.commit(changes.map((change) => ({ ...change, in: asOneIndex(change.in) })));
  }
}

const asFile = <T>(of: Collection<T>): Collection<T> => ({ ...of, name: of.name.replaceAll(/[^a-z0-9]/gi, '-') });

/** Makes a file's name of a collection's. */
export class MixesCollections extends Mutant {
  override get<T>(from: Collection<T>, key: string): Promise<Stored<T> | undefined> {
    return this.inner.get(asFile(from), key);
  }
  override list<T>(from: Collection<T>, query?: ListQuery): Promise<Page<T>> {
    return this.inner.list(asFile(from), query);
  }
  override count<T>(from: Collection<T>, query?: Pick<ListQuery, 'index'>): Promise<number> {
    return this.inner.count(asFile(from), query);
  }
  override commit(changes: readonly Change[]): Promise<number> {
    return this.inner.commit(changes.map((change) => ({ ...change, in: asFile(change.in) })));
  }
}

/** Parts a collection from a key by what a key may have, too. */
export class JoinsNamesAndKeys extends Mutant {
  override get<T>(from: Collection<T>, key: string): Promise<Stored<T> | undefined> {
    return super.get({ ...from, name: 'all' }, `${from.name}/${key}`);
  }
  override commit(changes: readonly Change[]): Promise<number> {
    return super.commit(
      changes.map((change) => ({
        ...change,
        in: { ...change.in, name: 'all' },
        key: `${change.in.name}/${change.key}`,
      })),
    );
  }
}

/** Has room for so many events of a reader that does not come. */
export class KeepsSoManyEvents extends Mutant {
  override watch<T>(on: Collection<T>, signal: AbortSignal): AsyncIterable<StateEvent<T>> {
    const watched = this.inner.watch(on, signal);
    return (async function* () {
      let kept = 0;
      for await (const event of watched) if (++kept <= 2_000) yield event;
    })();
  }
}

/** Compares what a small field of a file holds. */
export class ComparesSixteenBits extends Mutant {
  override commit(changes: readonly Change[]): Promise<number> {
    return this.inner.commit(
      changes.map((change) =>
        typeof change.expect === 'number' ? { ...change, expect: change.expect & 0xffff } : change,
      ),
    );
  }
}

/** Takes a zero for nothing. */
export class TakesZeroForNothing extends Mutant {
  override commit(changes: readonly Change[]): Promise<number> {
    return this.inner.commit(changes.map(({ expect, ...change }) => (expect ? { ...change, expect } : change)));
  }
}

/** Puts what it is given in order. */
export class SortsItsInput extends Mutant {
  override commit(changes: readonly Change[]): Promise<number> {
    return this.inner.commit((changes as Change[]).sort((a, b) => (a.key < b.key ? -1 : 1)));
  }
}
