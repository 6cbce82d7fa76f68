import type { Clock, Logger } from '../../../core/plugin/index.js';
import { backoff } from '../../../core/work/index.js';
import type { RedisConnection } from './connection.js';
import { originalOf } from './keys.js';
import type { RedisClient } from './options.js';

export interface WakeUpsParts {
  /** Its own: a question stays open on it. */
  readonly connection: RedisConnection;
  /** The stream that they are written to: entries with one field, a name as {@link part} makes it. */
  readonly stream: string;
  readonly clock: Clock;
  readonly log: Logger;
  /** Told of a name of which there may be something to do; `undefined`: of any. */
  readonly woken: (name: string | undefined) => void;
}

/** How long Redis keeps a question open, milliseconds. */
export const block = 5000;
const page = 1000;

type Entry = readonly [id: Buffer, fields: readonly Buffer[]];

/** Hears what hosts tell each other about work: a hint that may be missed, since whoever reconnects looks by itself. */
export class WakeUps {
  readonly #stopping = new AbortController();
  #last = '0-0';
  #generation = 0;
  #following: Promise<void> = Promise.resolve();

  constructor(private readonly parts: WakeUpsParts) {}

  /** The connection has to be open. */
  async start(): Promise<void> {
    await this.#toTheEnd(await this.parts.connection.ready());
    this.#following = this.#follow();
  }

  /** The connection has to be closed before: a question that is open ends with it. */
  async stop(): Promise<void> {
    this.#stopping.abort();
    await this.#following;
  }

  async #follow(): Promise<void> {
    const { signal } = this.#stopping;
    const { clock, log, stream } = this.parts;
    for (let failures = 0; !signal.aborted; ) {
      try {
        await this.#readOn();
        failures = 0;
      } catch (error) {
        if (signal.aborted) return;
        failures++;
        // That the line is away its connection says.
        log.debug('wake-ups could not be read; tried again', { stream, error });
        await clock.delay(backoff(failures, 50, 2000), signal).catch(() => undefined);
      }
    }
  }

  async #readOn(): Promise<void> {
    const { connection, stream, woken } = this.parts;
    const client = await connection.ready();
    if (this.#generation !== connection.generation) {
      // Another Redis after a failover may be behind what was read last.
      await this.#toTheEnd(client);
      woken(undefined);
    }
    const read = await client.xreadBuffer('COUNT', page, 'BLOCK', block, 'STREAMS', stream, this.#last);
    const entries = (read as readonly [Buffer, readonly Entry[]][] | null)?.[0]?.[1] ?? [];
    const last = entries.at(-1);
    if (last) this.#last = last[0].toString();
    for (const name of new Set(entries.map(([, [, name]]) => String(name)))) woken(originalOf(name));
  }

  async #toTheEnd(client: RedisClient): Promise<void> {
    const {
      stream,
      connection: { generation },
    } = this.parts;
    const [last] = (await client.xrevrangeBuffer(stream, '+', '-', 'COUNT', 1)) as readonly Entry[];
    this.#last = last ? last[0].toString() : '0-0';
    this.#generation = generation;
  }
}
