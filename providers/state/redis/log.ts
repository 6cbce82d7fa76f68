import { EventEmitter, once } from 'node:events';
import type { Clock, Logger } from '../../../core/plugin/index.js';
import type { Collection } from '../../../core/ports/index.js';
import type { CommittedChange } from '../../../core/state/index.js';
import { fromStored } from '../../../core/state/index.js';
import { backoff } from '../../../core/work/index.js';
import { originalOf, type RedisClient, type RedisConnection } from '../../shared/redis/index.js';
import { encodedOf } from './layout.js';

export interface LogParts {
  readonly connection: RedisConnection;
  /** What all keys begin with. */
  readonly keyspace: string;
  readonly clock: Clock;
  readonly log: Logger;
  /** Told of every commit after the first position, in order. */
  readonly committed: (changes: readonly CommittedChange[]) => void;
  /** Told when commits were missed, or some that were told of are no longer there. */
  readonly broken: () => void;
}

interface Position {
  readonly revision: number;
  readonly part: number;
}
type Entry = readonly [id: Buffer, fields: readonly Buffer[]];

/** Commits that are read at once. */
const page = 256;
/** How long Redis keeps a question open, milliseconds. */
export const block = 5000;

/** Follows the log of commits, of this host and of others. */
export class CommitLog {
  readonly #parts: LogParts;
  readonly #stream: string;
  readonly #stopping = new AbortController();
  readonly #progress = new EventEmitter<{ read: [] }>();
  #at: Position = { revision: 0, part: 0 };
  #breaks = 0;
  #generation = 0;
  #following: Promise<void> = Promise.resolve();

  constructor(parts: LogParts) {
    this.#parts = parts;
    this.#stream = `${parts.keyspace}:log`;
  }

  /** The last commit that was told of. */
  get revision(): number {
    return this.#at.revision;
  }

  /** How often commits were missed, or undone, since its start. */
  get breaks(): number {
    return this.#breaks;
  }

  /** The connection has to be open. */
  async start(): Promise<void> {
    await this.#toTheEnd(await this.#parts.connection.ready());
    this.#following = this.#follow();
  }

  /** Resolves when something is so that can become so whenever it has read on, or `signal` aborts. */
  async until(condition: () => boolean, signal: AbortSignal): Promise<void> {
    while (!condition() && !signal.aborted) await once(this.#progress, 'read', { signal }).catch(() => undefined);
  }

  /** The connection has to be closed before: a question that is open ends with it. */
  async stop(): Promise<void> {
    this.#stopping.abort();
    await this.#following;
  }

  async #follow(): Promise<void> {
    const { signal } = this.#stopping;
    const { clock, log } = this.#parts;
    for (let failures = 0; !signal.aborted; ) {
      try {
        await this.#readOn();
        failures = 0;
      } catch (error) {
        if (signal.aborted) return;
        failures++;
        // That the line is away its connection says.
        log.debug('the log of commits could not be read; tried again', { error });
        await clock.delay(backoff(failures, 50, 2000), signal).catch(() => undefined);
      }
    }
  }

  async #readOn(): Promise<void> {
    const { connection } = this.#parts;
    const client = await connection.ready();
    if (this.#generation !== connection.generation) await this.#resume(client);
    const { revision, part } = this.#at;
    const read = await client.xreadBuffer(
      'COUNT',
      page,
      'BLOCK',
      block,
      'STREAMS',
      this.#stream,
      `${revision}-${part}`,
    );
    const entries = (read as readonly [Buffer, readonly Entry[]][] | null)?.[0]?.[1] ?? [];
    for (const entry of entries) {
      const { position, follows, changes } = commitOf(entry, this.#at);
      if (!follows) return this.#lost(client);
      this.#at = position;
      this.#parts.committed(changes);
    }
    if (entries.length > 0) this.#progress.emit('read');
  }

  /** After another connection: is what was read last still there, and with it all that came after? */
  async #resume(client: RedisClient): Promise<void> {
    const { generation } = this.#parts.connection;
    const { revision, part } = this.#at;
    const end = await this.#end(client);
    const id = `${revision}-${part}`;
    const isEnd = end.revision === revision && end.part === part;
    if (!isEnd && (revision === 0 || (await client.xrange(this.#stream, id, id)).length === 0))
      await this.#lost(client);
    this.#generation = generation;
  }

  async #lost(client: RedisClient): Promise<void> {
    await this.#toTheEnd(client);
    this.#parts.log.warn('changes of the store were missed or undone; everything is read anew');
    this.#breaks++;
    this.#parts.broken();
    this.#progress.emit('read');
  }

  async #toTheEnd(client: RedisClient): Promise<void> {
    const { generation } = this.#parts.connection;
    this.#at = await this.#end(client);
    this.#generation = generation;
  }

  /** The newest commit, also when no entry of the log tells of it any more. */
  async #end(client: RedisClient): Promise<Position> {
    const revision = Number(await client.get(`${this.#parts.keyspace}:revision`));
    const [last] = (await client.xrevrangeBuffer(this.#stream, '+', '-', 'COUNT', 1)) as readonly Entry[];
    const position = last && positionOf(last);
    return position && position.revision >= revision ? position : { revision, part: 0 };
  }
}

function positionOf([id]: Entry): Position {
  const [revision, part] = id.toString().split('-');
  return { revision: Number(revision), part: Number(part) };
}

function commitOf(entry: Entry, before: Position) {
  const position = positionOf(entry);
  const [, [, said, ...texts]] = entry;
  const follows =
    position.part === 0
      ? Number(said) === before.revision
      : position.revision === before.revision && position.part === before.part + 1;
  const changes: CommittedChange[] = [];
  for (let at = 0; at + 3 < texts.length; at += 4) {
    const [kind, collection, key, value] = texts.slice(at, at + 4).map((text) => text as Buffer);
    changes.push(changeOf(String(kind), String(collection), String(key), value as Buffer, position.revision));
  }
  return { position, follows, changes };
}

function changeOf(kind: string, name: string, stored: string, value: Buffer, revision: number): CommittedChange {
  const content = kind === 'b' ? 'bytes' : 'json';
  const of: Collection<never> = { name: originalOf(name), content, indexes: {} };
  const base = { in: of, key: fromStored(stored), expect: undefined };
  if (kind === 'd') return { change: { ...base, kind: 'delete' }, revision };
  return { change: { ...base, kind: 'put', encoded: encodedOf(kind, value), entries: [] }, revision };
}
