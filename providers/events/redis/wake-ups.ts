import type { Clock, Logger } from '../../../core/plugin/index.js';
import { backoff } from '../../../core/work/index.js';
import { originalOf, type RedisClient, type RedisConnection } from '../../shared/redis/index.js';

export interface WakeUpsParts {
  /** Its own: a question stays open on it. */
  readonly connection: RedisConnection;
  /** What all keys begin with. */
  readonly keyspace: string;
  readonly clock: Clock;
  readonly log: Logger;
  /** Told of a type of which a group may have something to do; `undefined`: any may. */
  readonly woken: (type: string | undefined) => void;
}

/** How long Redis keeps a question open, milliseconds. */
export const block = 5000;
const page = 1000;

type Entry = readonly [id: Buffer, fields: readonly Buffer[]];

/** Hears what hosts tell each other about work: a hint that may be missed, since whoever reconnects looks by itself. */
export class WakeUps {
  readonly #stopping = new AbortController();
  readonly #stream: string;
  #last = '0-0';
  #generation = 0;
  #following: Promise<void> = Promise.resolve();

  constructor(private readonly parts: WakeUpsParts) {
    this.#stream = `${parts.keyspace}:events:wake`;
  }

  /** @param client connected already */
  async start(client: RedisClient): Promise<void> {
    await this.#toTheEnd(client);
    this.#following = this.#follow();
  }

  /** The connection has to be closed before: a question that is open ends with it. */
  async stop(): Promise<void> {
    this.#stopping.abort();
    await this.#following;
  }

  async #follow(): Promise<void> {
    const { signal } = this.#stopping;
    const { clock, log } = this.parts;
    for (let failures = 0; !signal.aborted; ) {
      try {
        await this.#readOn();
        failures = 0;
      } catch (error) {
        if (signal.aborted) return;
        failures++;
        // That the line is away its connection says.
        log.debug('the wake-ups of events could not be read; tried again', { error });
        await clock.delay(backoff(failures, 50, 2000), signal).catch(() => undefined);
      }
    }
  }

  async #readOn(): Promise<void> {
    const { connection, woken } = this.parts;
    const client = await connection.ready();
    if (this.#generation !== connection.generation) {
      // Another Redis after a failover may be behind what was read last.
      await this.#toTheEnd(client);
      woken(undefined);
    }
    const read = await client.xreadBuffer('COUNT', page, 'BLOCK', block, 'STREAMS', this.#stream, this.#last);
    const entries = (read as readonly [Buffer, readonly Entry[]][] | null)?.[0]?.[1] ?? [];
    const last = entries.at(-1);
    if (last) this.#last = last[0].toString();
    for (const type of new Set(entries.map(([, [, type]]) => String(type)))) woken(originalOf(type));
  }

  async #toTheEnd(client: RedisClient): Promise<void> {
    const { generation } = this.parts.connection;
    const [last] = (await client.xrevrangeBuffer(this.#stream, '+', '-', 'COUNT', 1)) as readonly Entry[];
    this.#last = last ? last[0].toString() : '0-0';
    this.#generation = generation;
  }
}
