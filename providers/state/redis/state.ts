import { setImmediate } from 'node:timers/promises';
import type { Health, Lifecycle } from '../../../core/plugin/index.js';
import {
  type Change,
  type Collection,
  type ListQuery,
  type Page,
  StateConflict,
  type StateEvent,
  StateFault,
  type StateProvider,
  type Stored,
} from '../../../core/ports/index.js';
import {
  buildPage,
  ChangeFeed,
  checkIndex,
  decodeValue,
  keyRange,
  type PreparedChange,
  prepareChanges,
  toStored,
} from '../../../core/state/index.js';
import { part, type RedisClient, type RedisConnection, type RedisParts, RedisStore } from '../../shared/redis/index.js';
import { stateFault } from './faults.js';
import { Indexing } from './indexing.js';
import { argumentsOf, encodedOf, type Row, rangeArguments, rowsOf } from './layout.js';
import { block, CommitLog } from './log.js';
import { commitScript, format, listScript } from './scripts.js';

export interface RedisStateParts extends RedisParts {
  /** Commits that the log keeps, for hosts that were away. */
  readonly history: number;
}

/** Keeps everything in a Redis that many hosts may share. */
export class RedisState implements StateProvider, Lifecycle {
  readonly #parts: RedisStateParts;
  readonly #store: RedisStore;
  readonly #feed = new ChangeFeed();
  readonly #reads: RedisConnection;
  readonly #listening: RedisConnection;
  readonly #commits: CommitLog;
  readonly #indexing: Indexing;
  /** The newest commit that is known to have reached as many replicas as it must. */
  #confirmed = 0;
  /** The newest commit that a caller here has heard of: a watch that begins now does not tell of it again. */
  #heard = 0;
  #catchingUp: Promise<void> | undefined;

  constructor(parts: RedisStateParts) {
    this.#parts = parts;
    const { clock, log } = parts;
    this.#store = new RedisStore(parts, { kind: 'state', format });
    const { keyspace, where } = this.#store;
    // Reads do not wait behind a write that waits for replicas, nor either behind the open question of the log.
    this.#reads = this.#store.line('reads');
    this.#listening = this.#store.line('log', block);
    this.#commits = new CommitLog({
      clock,
      log,
      connection: this.#listening,
      keyspace,
      committed: (changes) => this.#feed.publish(changes),
      broken: () => {
        // What was undone nobody tells of any more.
        this.#heard = this.#commits.revision;
        this.#feed.fail(new StateFault('history', `${where}: changes were missed; list again`));
      },
    });
    this.#indexing = new Indexing(
      keyspace,
      () => this.#reads.ready(),
      (collection) => log.info('indexed anew', { collection }),
    );
  }

  get durable(): boolean {
    return this.#store.durable;
  }

  /** @throws StateFault when it cannot be used; its `reason` and text say why */
  async start(signal: AbortSignal = new AbortController().signal): Promise<void> {
    try {
      await this.#store.open(signal);
      await this.#commits.start();
      this.#heard = this.#commits.revision;
    } catch (error) {
      throw stateFault(error, this.#store.where);
    }
  }

  async get<T>(from: Collection<T>, key: string): Promise<Stored<T> | undefined> {
    return this.#ask(async (client) => {
      const at = `${this.#store.keyspace}:doc:${part(from.name)}:${toStored(key)}`;
      const [revision, content, value] = await client.hmgetBuffer(at, 'r', 'c', 'v');
      if (!value) return undefined;
      return stored(from, { key, revision: Number(revision), encoded: encodedOf(String(content), value) });
    });
  }

  async list<T>(from: Collection<T>, query?: ListQuery): Promise<Page<T>> {
    const range = keyRange(from, query);
    return this.#ask(async (client) => {
      await this.#indexing.meet(from);
      const rows = rowsOf(await listScript.run(client, this.#store.keyspace, ...rangeArguments(from, range)));
      return buildPage(rows, range, (row) => stored(from, row));
    });
  }

  async count<T>(from: Collection<T>, { index }: Pick<ListQuery, 'index'> = {}): Promise<number> {
    checkIndex(from, index);
    return this.#ask(async (client) => {
      await this.#indexing.meet(from);
      const of = part(from.name);
      const keys = index ? `index:${of}:${part(index.name)}:${toStored(index.equals)}` : `keys:${of}`;
      return client.zcard(`${this.#store.keyspace}:${keys}`);
    });
  }

  async commit(changes: readonly Change[]): Promise<number> {
    const prepared = prepareChanges(changes);
    try {
      for (const each of new Set(changes.map((change) => change.in))) await this.#indexing.meet(each);
      const written = [this.#parts.history, ...argumentsOf(prepared)];
      const answer = await this.#store.write(commitScript, written, isDone);
      const revision = revisionOf(answer, prepared);
      this.#heard = Math.max(this.#heard, revision);
      this.#confirmed = Math.max(this.#confirmed, revision);
      return revision;
    } catch (error) {
      throw this.#noted(error);
    }
  }

  /** One question for all who ask in the same turn. */
  caughtUp(): Promise<void> {
    this.#catchingUp ??= Promise.resolve().then(() => {
      this.#catchingUp = undefined;
      return this.#catchUp();
    });
    return this.#catchingUp;
  }

  watch<T>(on: Collection<T>, signal: AbortSignal): AsyncIterable<StateEvent<T>> {
    return this.#feed.watch(on, signal, Math.max(this.#heard, this.#commits.revision));
  }

  async stop(signal: AbortSignal = new AbortController().signal): Promise<void> {
    if (this.#listening.fault === undefined) await this.#tellTheRest(signal);
    await this.#store.close();
    await this.#commits.stop();
    this.#feed.close();
  }

  /** Whoever watches gets what was committed here, unless Redis takes too long to tell of it. */
  async #tellTheRest(signal: AbortSignal): Promise<void> {
    const patience = AbortSignal.timeout(this.#parts.settings.timeout * 1000);
    await this.#commits.until(() => this.#commits.revision >= this.#heard, AbortSignal.any([signal, patience]));
  }

  health(): Health {
    return this.#store.health();
  }

  async #catchUp(): Promise<void> {
    const { revision: told, breaks } = this.#commits;
    const revision = await this.#ask(async (client) => Number(await client.get(`${this.#store.keyspace}:revision`)));
    if (revision > this.#confirmed) await this.#confirm(revision);
    // What was told of before and Redis does not know is undone: a failover that the log has yet to come to.
    const undone = told > revision;
    const has = (): boolean => this.#commits.revision >= revision && (!undone || this.#commits.breaks > breaks);
    if (has()) return;
    const patience = this.#parts.settings.timeout;
    await this.#commits.until(has, AbortSignal.timeout(patience * 1000));
    if (!has()) {
      throw new StateFault('storage', `${this.#store.where} has not told of the newest changes within ${patience} s`);
    }
    // Readers take what they were given before this turn ends.
    await setImmediate();
  }

  /**
   * Another host's commit may have failed for want of replicas, and be lost in a failover: nobody is answered from it, for
   * that would be an acknowledgement.
   */
  async #confirm(revision: number): Promise<void> {
    try {
      await this.#store.confirmAll(`${this.#store.keyspace}:asked`, revision);
    } catch (error) {
      throw this.#noted(error);
    }
    this.#confirmed = Math.max(this.#confirmed, revision);
  }

  async #ask<R>(question: (client: RedisClient) => Promise<R>): Promise<R> {
    try {
      return await question(await this.#reads.ready());
    } catch (error) {
      throw this.#noted(error);
    }
  }

  /** What an error means, remembered for health when it will meet others as well. */
  #noted(error: unknown): unknown {
    if (error instanceof StateConflict || error instanceof TypeError || error instanceof RangeError) return error;
    return this.#store.noted(stateFault(error, this.#store.where));
  }
}

function stored<T>(from: Collection<T>, { key, revision, encoded }: Row): Stored<T> {
  return { key, revision, value: decodeValue(from, key, encoded) };
}

/** Whether it was done; its revision, or which change met something else; and the revision of that. */
type CommitAnswer = readonly [done: number, which: number | Buffer, found: Buffer | undefined];

function isDone(answer: unknown): boolean {
  return (answer as CommitAnswer)[0] === 1;
}

/** @throws StateConflict */
function revisionOf(answer: unknown, changes: readonly PreparedChange[]): number {
  const [, which, found] = answer as CommitAnswer;
  if (isDone(answer)) return Number(which);
  const change = changes[Number(which) - 1];
  if (!change) throw new Error('Redis tells of a conflict that is not in the commit');
  const present = String(found ?? '');
  throw new StateConflict(change.in.name, change.key, change.expect, present === '' ? 'absent' : Number(present));
}
