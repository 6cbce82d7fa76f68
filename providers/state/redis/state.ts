import { setImmediate } from 'node:timers/promises';
import type { Clock, Health, Lifecycle } from '../../../core/plugin/index.js';
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
import {
  Confirmation,
  type ConnectionParts,
  type Keeping,
  keepingOf,
  keyspace,
  part,
  type RedisClient,
  RedisConnection,
  takeFormat,
} from '../../shared/redis/index.js';
import { stateFault } from './faults.js';
import { Indexing } from './indexing.js';
import { argumentsOf, encodedOf, type Row, rangeArguments, rowsOf } from './layout.js';
import { block, CommitLog } from './log.js';
import { commitScript, format, listScript } from './scripts.js';

export interface RedisStateParts extends Omit<ConnectionParts, 'name' | 'silence'> {
  readonly clock: Clock;
  /** Replicas that must have a commit before it is acknowledged. */
  readonly replicas: number;
  /** Commits that the log keeps, for hosts that were away. */
  readonly history: number;
}

/** Keeps everything in a Redis that many hosts may share. */
export class RedisState implements StateProvider, Lifecycle {
  readonly #parts: RedisStateParts;
  readonly #keyspace: string;
  readonly #feed = new ChangeFeed();
  readonly #writes: RedisConnection;
  readonly #reads: RedisConnection;
  readonly #listening: RedisConnection;
  readonly #commits: CommitLog;
  readonly #indexing: Indexing;
  readonly #confirmation: Confirmation;
  #keeping: Keeping = { durable: true };
  /** The newest commit that is known to have reached as many replicas as it must. */
  #confirmed = 0;
  /** The newest commit that a caller here has heard of: a watch that begins now does not tell of it again. */
  #heard = 0;
  #fault: StateFault | undefined;
  #catchingUp: Promise<void> | undefined;

  constructor(parts: RedisStateParts) {
    this.#parts = parts;
    const { settings, replicas, history: _, ...around } = parts;
    const silence = settings.timeout * 1000;
    this.#keyspace = keyspace(settings.prefix);
    // Reads do not wait behind a write that waits for replicas, nor either behind the open question of the log.
    this.#writes = new RedisConnection({
      ...around,
      settings,
      name: 'state-writes',
      silence: replicas > 0 ? 2 * silence : silence,
    });
    this.#reads = new RedisConnection({ ...around, settings, name: 'state-reads', silence, quiet: true });
    this.#listening = new RedisConnection({
      ...around,
      settings,
      name: 'state-log',
      silence: silence + block,
      quiet: true,
    });
    this.#commits = new CommitLog({
      ...around,
      connection: this.#listening,
      keyspace: this.#keyspace,
      committed: (changes) => this.#feed.publish(changes),
      broken: () =>
        this.#feed.fail(new StateFault('history', `${this.#writes.where}: changes were missed; list again`)),
    });
    this.#indexing = new Indexing(
      this.#keyspace,
      () => this.#reads.ready(),
      (collection) => parts.log.info('indexed anew', { collection }),
    );
    this.#confirmation = new Confirmation({ connection: this.#writes, replicas, timeout: settings.timeout });
  }

  get durable(): boolean {
    return this.#keeping.durable;
  }

  /** @throws StateFault when it cannot be used; its `reason` and text say why */
  async start(signal: AbortSignal = new AbortController().signal): Promise<void> {
    const { replicas, log } = this.#parts;
    const { where } = this.#writes;
    try {
      const client = await this.#writes.open(signal);
      await takeFormat(client, `${this.#keyspace}:format`, format, where);
      this.#keeping = await keepingOf(client, replicas, where);
      if (this.#keeping.warning !== undefined) log.warn(this.#keeping.warning);
      await this.#reads.open(signal);
      await this.#commits.start(await this.#listening.open(signal));
      this.#heard = this.#commits.revision;
    } catch (error) {
      throw stateFault(error, where);
    }
  }

  async get<T>(from: Collection<T>, key: string): Promise<Stored<T> | undefined> {
    return this.#ask(async (client) => {
      const at = `${this.#keyspace}:doc:${part(from.name)}:${toStored(key)}`;
      const [revision, content, value] = await client.hmgetBuffer(at, 'r', 'c', 'v');
      if (!value) return undefined;
      return stored(from, { key, revision: Number(revision), encoded: encodedOf(String(content), value) });
    });
  }

  async list<T>(from: Collection<T>, query?: ListQuery): Promise<Page<T>> {
    const range = keyRange(from, query);
    return this.#ask(async (client) => {
      await this.#indexing.meet(from);
      const rows = rowsOf(await listScript.run(client, this.#keyspace, ...rangeArguments(from, range)));
      return buildPage(rows, range, (row) => stored(from, row));
    });
  }

  async count<T>(from: Collection<T>, { index }: Pick<ListQuery, 'index'> = {}): Promise<number> {
    checkIndex(from, index);
    return this.#ask(async (client) => {
      await this.#indexing.meet(from);
      const of = part(from.name);
      const keys = index ? `index:${of}:${part(index.name)}:${toStored(index.equals)}` : `keys:${of}`;
      return client.zcard(`${this.#keyspace}:${keys}`);
    });
  }

  async commit(changes: readonly Change[]): Promise<number> {
    const prepared = prepareChanges(changes);
    const { where } = this.#writes;
    try {
      for (const each of new Set(changes.map((change) => change.in))) await this.#indexing.meet(each);
      const client = await this.#writes.ready();
      const { generation } = this.#writes;
      const { history } = this.#parts;
      const answer = await commitScript.run(client, this.#keyspace, history, ...argumentsOf(prepared));
      const revision = revisionOf(answer, prepared);
      await this.#confirmation.of(client, generation);
      this.#heard = Math.max(this.#heard, revision);
      this.#confirmed = Math.max(this.#confirmed, revision);
      this.#fault = undefined;
      return revision;
    } catch (error) {
      throw this.#noted(error, where);
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
    for (const connection of [this.#writes, this.#reads, this.#listening]) connection.close();
    await this.#commits.stop();
    this.#feed.close();
  }

  /** Whoever watches gets what was committed here, unless Redis takes too long to tell of it. */
  async #tellTheRest(signal: AbortSignal): Promise<void> {
    const patience = AbortSignal.timeout(this.#parts.settings.timeout * 1000);
    await this.#commits.reached(this.#heard, AbortSignal.any([signal, patience]));
  }

  health(): Health {
    const away = [this.#writes, this.#reads, this.#listening].find(({ fault }) => fault !== undefined);
    if (away) return { status: 'failed', reason: `${away.where} is away: ${away.fault}` };
    if (this.#fault) return { status: 'failed', reason: this.#fault.message };
    const { warning } = this.#keeping;
    return warning === undefined ? { status: 'ok' } : { status: 'degraded', reason: warning };
  }

  async #catchUp(): Promise<void> {
    const revision = await this.#ask(async (client) => Number(await client.get(`${this.#keyspace}:revision`)));
    if (revision > this.#confirmed) await this.#confirm(revision);
    if (this.#commits.revision >= revision) return;
    const patience = this.#parts.settings.timeout;
    await this.#commits.reached(revision, AbortSignal.timeout(patience * 1000));
    if (this.#commits.revision < revision) {
      throw new StateFault('storage', `${this.#reads.where} has not told of the newest changes within ${patience} s`);
    }
    // Readers take what they were given before this turn ends.
    await setImmediate();
  }

  /**
   * Another host's commit may have failed for want of replicas, and be lost in a failover: nobody is answered from it, for
   * that would be an acknowledgement.
   */
  async #confirm(revision: number): Promise<void> {
    if (this.#parts.replicas === 0) return;
    try {
      const client = await this.#writes.ready();
      const { generation } = this.#writes;
      // Redis waits for what was written over the connection that asks, and for all before it.
      await client.set(`${this.#keyspace}:asked`, revision);
      await this.#confirmation.of(client, generation);
    } catch (error) {
      throw this.#noted(error, this.#writes.where);
    }
    this.#confirmed = Math.max(this.#confirmed, revision);
  }

  async #ask<R>(question: (client: RedisClient) => Promise<R>): Promise<R> {
    try {
      return await question(await this.#reads.ready());
    } catch (error) {
      throw this.#noted(error, this.#reads.where);
    }
  }

  /** What an error means, remembered for health when it will meet others as well. */
  #noted(error: unknown, where: string): unknown {
    if (error instanceof StateConflict || error instanceof TypeError || error instanceof RangeError) return error;
    const fault = stateFault(error, where);
    if (fault.reason === 'full' && this.#fault?.reason !== 'full') this.#parts.log.error(fault.message);
    if (fault.reason === 'full') this.#fault = fault;
    return fault;
  }
}

function stored<T>(from: Collection<T>, { key, revision, encoded }: Row): Stored<T> {
  return { key, revision, value: decodeValue(from, key, encoded) };
}

/** @throws StateConflict */
function revisionOf(answer: unknown, changes: readonly PreparedChange[]): number {
  const [done, which, found] = answer as readonly [number, number | Buffer, Buffer | undefined];
  if (done === 1) return Number(which);
  const change = changes[Number(which) - 1];
  if (!change) throw new Error('Redis tells of a conflict that is not in the commit');
  const present = String(found ?? '');
  throw new StateConflict(change.in.name, change.key, change.expect, present === '' ? 'absent' : Number(present));
}
