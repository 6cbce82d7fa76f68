import { EventEmitter, on } from 'node:events';
import type { Collection, StateEvent } from '../ports/state.js';
import type { PreparedChange } from './changes.js';
import { decodeValue } from './document.js';

/**
 * One change that a commit has made.
 *
 * @experimental
 */
export interface CommittedChange {
  readonly change: PreparedChange;
  readonly revision: number;
}

const closed = 'closed';

/**
 * Hands committed changes to the watchers of their collections, each with its own unbounded buffer.
 *
 * @experimental
 */
export class ChangeFeed {
  readonly #emitter = new EventEmitter();
  #isClosed = false;

  constructor() {
    // Every watcher is a listener; how many there are is the managers' affair.
    this.#emitter.setMaxListeners(0);
  }

  /** Call in commit order, after the commit is durable and before its caller hears of it. */
  publish(changes: readonly CommittedChange[]): void {
    for (const committed of changes) this.#emitter.emit(channel(committed.change.in), committed);
  }

  /**
   * Registers at once. Ends when the signal aborts or the feed is closed; at once where either was before.
   * @param since revision of the last commit that is not told, for a feed that hears of commits late
   */
  watch<T>(collection: Collection<T>, signal: AbortSignal, since = 0): AsyncIterable<StateEvent<T>> {
    if (signal.aborted || this.#isClosed) return nothing();
    const committed = on(this.#emitter, channel(collection), { signal, close: [closed] });
    return events(collection, { [Symbol.asyncIterator]: () => committed }, signal, since);
  }

  /** Ends every watch with an error, once its reader has taken what was published before. */
  fail(error: Error): void {
    // An emitter throws an error that nobody listens to.
    if (this.#emitter.listenerCount('error') > 0) this.#emitter.emit('error', error);
  }

  /** Ends every watch once its reader has taken what was committed before. */
  close(): void {
    this.#isClosed = true;
    this.#emitter.emit(closed);
  }
}

// Prefixed, because an emitter treats the name `error` specially.
const channel = (collection: Collection<never>): string => `collection:${collection.name}`;

async function* nothing(): AsyncIterable<never> {
  // Over before it began.
}

async function* events<T>(
  collection: Collection<T>,
  committed: AsyncIterable<CommittedChange[]>,
  signal: AbortSignal,
  since: number,
): AsyncIterable<StateEvent<T>> {
  try {
    for await (const arrived of committed) {
      for (const { change, revision } of arrived) {
        if (revision <= since) continue;
        const { key } = change;
        if (change.kind === 'delete') yield { kind: 'delete', key, revision };
        else yield { kind: 'put', key, revision, value: decodeValue(collection, key, change.encoded) };
      }
    }
  } catch (error) {
    if (!signal.aborted) throw error;
  }
}
