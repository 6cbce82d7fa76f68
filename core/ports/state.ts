import { definePort } from './port.js';

/**
 * What a document may be: plain JSON, never `undefined`, a function or a class instance.
 * @stable since 0.1.0
 */
export type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json | undefined };

/**
 * An index maps a value to the strings it is found under; an empty list leaves it out of the index.
 * @stable since 0.1.0
 */
export type IndexOf<T> = (value: T) => readonly string[];

/**
 * A named set of values of one shape. Declared once beside the manager that owns it and passed to every call,
 * so that a provider needs no registration step and an index can never be forgotten by a writer.
 * `T` is a JSON document, or `Uint8Array` for blobs whose exact bytes matter.
 * @stable since 0.1.0
 */
export interface Collection<T> {
  readonly name: string;
  readonly content: 'json' | 'bytes';
  readonly indexes: Readonly<Record<string, IndexOf<T>>>;
}

/**
 * Declares a collection of JSON documents.
 *
 * @param name well-formed text without U+0000. The same name is the same data, in every host over one store; names that
 *   differ in anything, case and punctuation included, are different data
 * @stable since 0.1.0
 */
export function collection<T extends object>(
  name: string,
  indexes: Readonly<Record<string, IndexOf<T>>> = {},
): Collection<T> {
  return Object.freeze({ name, content: 'json', indexes });
}

/**
 * Declares a collection of byte strings, which have no indexes.
 * @stable since 0.1.0
 */
export function blobs(name: string): Collection<Uint8Array> {
  return Object.freeze({ name, content: 'bytes', indexes: {} });
}

/**
 * A stored value. `revision` grows with every change of the store (never reused, not even after a delete).
 * @stable since 0.1.0
 */
export interface Stored<T> {
  readonly key: string;
  readonly revision: number;
  readonly value: T;
}

/**
 * What a change demands of the present value: that it has this very revision, is absent, or nothing (`undefined` alone).
 * @stable since 0.1.0
 */
export type Expectation = number | 'absent' | undefined;

/**
 * One change of a commit, made by {@link put} or {@link remove}.
 * @stable since 0.1.0
 */
export type Change =
  | {
      readonly kind: 'put';
      readonly in: Collection<never>;
      readonly key: string;
      readonly value: unknown;
      readonly expect?: Expectation;
    }
  | { readonly kind: 'delete'; readonly in: Collection<never>; readonly key: string; readonly expect?: Expectation };

/**
 * Builds a typed change for {@link StateProvider.commit}.
 * @stable since 0.1.0
 */
export function put<T>(into: Collection<T>, key: string, value: T, expect?: Expectation): Change {
  return { kind: 'put', in: into as Collection<never>, key, value, ...(expect !== undefined && { expect }) };
}

/**
 * Builds a change for {@link StateProvider.commit}. Absent already is success.
 * @stable since 0.1.0
 */
export function remove<T>(from: Collection<T>, key: string, expect?: Expectation): Change {
  return { kind: 'delete', in: from as Collection<never>, key, ...(expect !== undefined && { expect }) };
}

/**
 * Which values {@link StateProvider.list} finds.
 * @stable since 0.1.0
 */
export interface ListQuery {
  /** Only values found under `equals` in this declared index. */
  readonly index?: { readonly name: string; readonly equals: string };
  /** Only keys that start with this. */
  readonly prefix?: string;
  /** At most this many (1 to 1,000; 100 unless told). */
  readonly limit?: number;
  /** Only keys after this one, in code-unit order: the `next` of the page before. */
  readonly after?: string;
}

/**
 * A part of a list.
 * @stable since 0.1.0
 */
export interface Page<T> {
  readonly items: readonly Stored<T>[];
  /** Pass as `after` to go on; absent on the last page. */
  readonly next?: string;
}

/**
 * A change that was committed.
 * @stable since 0.1.0
 */
export type StateEvent<T> =
  | { readonly kind: 'put'; readonly key: string; readonly revision: number; readonly value: T }
  | { readonly kind: 'delete'; readonly key: string; readonly revision: number };

/**
 * A change's expectation did not hold; nothing of its commit was written.
 * @stable since 0.1.0
 */
export class StateConflict extends Error {
  override readonly name = 'StateConflict';
  constructor(
    readonly collection: string,
    readonly key: string,
    readonly expected: Expectation,
    readonly found: number | 'absent',
  ) {
    super(`${collection}/${key}: expected revision ${String(expected)}, found ${String(found)}`);
  }
}

/**
 * The store itself could not do what was asked; nothing of the commit that met it is acknowledged.
 * @stable since 0.1.0
 */
export class StateFault extends Error {
  override readonly name = 'StateFault';
  constructor(
    /**
     * - `in-use`: another host has it open.
     * - `newer`: a later version wrote it; this one must not.
     * - `foreign`: it is something of another program.
     * - `corrupt`: it is damaged; a backup has to be restored.
     * - `full`: there is no space; the same commit can succeed once there is.
     * - `closed`: it was called before `start` or after `stop`.
     * - `history`: a watch has missed changes, or was told of some that a failover has undone; list, and watch anew.
     * - `storage`: it cannot be read or written, for the reason that the message gives.
     */
    readonly reason: 'in-use' | 'newer' | 'foreign' | 'corrupt' | 'full' | 'closed' | 'history' | 'storage',
    message: string,
    options?: ErrorOptions,
  ) {
    super(message, options);
  }
}

/**
 * Where managers keep what must outlive a process.
 *
 * When: between `start` and `stop`, any calls at the same time. Before and after, a store that has to be open rejects them
 * as `closed`, and `watch` throws nothing: called before `start` it yields what is committed later, after `stop` it
 * returns.
 *
 * After a crash: a `commit` that has resolved survives kill -9 when `durable` is true; one that has not is there wholly
 * or not at all. Indexes agree with values then as well, and revisions go on growing. A watch does not outlive its
 * process: who comes back lists first.
 *
 * Again: reading changes nothing. A commit that nobody heard the end of may have happened: with the revision that was
 * read in `expect`, making it again conflicts instead of happening twice.
 *
 * What holds:
 * - All changes of a commit happen together, or none, however many they are; readers never see a part of it. A key
 *   appears once per commit.
 * - Keys and index entries are well-formed text without U+0000, and any such text is one: `__proto__` as well.
 * - Values are immutable: what a caller does to an object it passed in or got out changes nothing in the store. Nor does
 *   the store change anything that it is given.
 * - `list` is in key order by code unit, served by an index where one is asked for, never by a scan of all values.
 * - `watch` yields every change committed after the call, in commit order, until its signal aborts or the provider
 *   stops; it buffers for a slow reader and never drops. It ends by returning, never by throwing the abort; when the
 *   provider stops, after its reader has got what was committed before. A store on another machine may tell of commits a
 *   little later than they can be read, and where changes were missed or undone (the store was away for long, or a
 *   failover lost its newest commits), the watch throws a StateFault `history`.
 *
 * Errors: {@link StateConflict} when an expectation does not hold; {@link StateFault} when the store cannot be used;
 * for what no store could do, a TypeError (a value that is not what its collection holds, a key or an index entry that is
 * none, a key twice in a commit, an index that is not declared) or, for a limit out of range, a RangeError.
 * @stable since 0.1.0
 */
export interface StateProvider {
  /** Whether an acknowledged commit survives kill -9 and a reboot. */
  readonly durable: boolean;
  /** @returns `undefined` when there is no such key */
  get<T>(from: Collection<T>, key: string): Promise<Stored<T> | undefined>;
  /** One page. What is committed while somebody pages is seen where its key is still to come. */
  list<T>(from: Collection<T>, query?: ListQuery): Promise<Page<T>>;
  /** How many values a collection (or one index entry) holds: all of them, without reading them. */
  count<T>(from: Collection<T>, query?: Pick<ListQuery, 'index'>): Promise<number>;
  /**
   * @returns the revision that every value written by this commit now has
   * @throws StateConflict when an expectation does not hold; nothing is written then
   */
  commit(changes: readonly Change[]): Promise<number>;
  /** The call registers at once: a commit made right after it returns is seen. */
  watch<T>(on: Collection<T>, signal: AbortSignal): AsyncIterable<StateEvent<T>>;
  /**
   * Resolves when every watch here has been given, and its reader has had a turn to take, all that was committed before
   * the call, by whichever host, and when all of it is as safe as what is acknowledged. Absent where no other host can
   * commit: who commits here knows.
   * @throws StateFault when that cannot be known
   */
  caughtUp?(): Promise<void>;
}

export const StateProvider = definePort<StateProvider>('state', 'Documents and blobs that outlive a process', {
  boundary: {
    members: {
      durable: 'constant',
      get: 'call',
      list: 'call',
      count: 'call',
      commit: 'call',
      watch: 'stream',
      caughtUp: 'call',
    },
    faults: [StateConflict, StateFault],
    broken: (message) => new StateFault('storage', message),
    // A store calls the functions of a collection's indexes while it writes, and cannot wait for another thread then.
    functions: false,
    providedHere: 'a store calls the index functions of its collections, which are in the host',
  },
});
