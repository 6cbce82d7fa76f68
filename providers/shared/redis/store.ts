import type { Clock, Health } from '../../../core/plugin/index.js';
import { Confirmation } from './confirmation.js';
import { type ConnectionParts, RedisConnection } from './connection.js';
import { type Keeping, keepingOf, takeFormat } from './keeping.js';
import { keyspace } from './keys.js';
import type { Script } from './script.js';
import { block, WakeUps } from './wake-ups.js';

/** What a provider is told of its Redis, and what surrounds it. */
export interface RedisParts extends Omit<ConnectionParts, 'name' | 'silence' | 'quiet'> {
  readonly clock: Clock;
  /** Replicas that must have what is written before it is acknowledged. */
  readonly replicas: number;
}

/** What tells the keys of one provider from those of others. */
export interface RedisLayout {
  /** What is kept, as names of connections have it. */
  readonly kind: 'state' | 'events' | 'lock' | 'queue';
  /** The version of the layout. */
  readonly format: number;
}

/** What a provider keeps in a Redis: its lines there, whether what lies there is ours and is safe, and what its health is. */
export class RedisStore {
  /** What all keys of the profile's prefix begin with. */
  readonly keyspace: string;
  /** The line that writes, and says in the log when Redis goes and comes. */
  readonly writing: RedisConnection;
  readonly #confirmation: Confirmation;
  readonly #lines: RedisConnection[];
  /** What the keys of this provider alone begin with. */
  readonly #place: string;
  #wakeUps: WakeUps | undefined;
  #keeping: Keeping = { durable: true };
  #full: string | undefined;

  constructor(
    private readonly parts: RedisParts,
    private readonly layout: RedisLayout,
  ) {
    const { settings, replicas } = parts;
    const { kind } = layout;
    const timeout = settings.timeout * 1000;
    this.keyspace = keyspace(settings.prefix);
    this.#place = kind === 'state' ? this.keyspace : `${this.keyspace}:${kind}`;
    const silence = replicas > 0 ? 2 * timeout : timeout;
    this.writing = new RedisConnection({ ...parts, name: `${kind}-writes`, silence });
    this.#lines = [this.writing];
    this.#confirmation = new Confirmation({ connection: this.writing, replicas, timeout: settings.timeout });
  }

  /** Where it is, for a person. */
  get where(): string {
    return this.writing.where;
  }

  /** Whether what was acknowledged survives kill -9 of Redis. */
  get durable(): boolean {
    return this.#keeping.durable;
  }

  /**
   * Another line, for what must not wait behind a write that waits for replicas, nor behind an open question.
   * @param open milliseconds for which Redis keeps a question open on it
   */
  line(name: string, open = 0): RedisConnection {
    const { settings } = this.parts;
    const silence = settings.timeout * 1000 + open;
    const line = new RedisConnection({ ...this.parts, name: `${this.layout.kind}-${name}`, silence, quiet: true });
    this.#lines.push(line);
    return line;
  }

  /** Has hosts hear of each other, from {@link open} on. @param woken told of a name; `undefined`: of any */
  hear(woken: (name: string | undefined) => void): void {
    const { clock, log } = this.parts;
    const connection = this.line('wake-ups', block);
    this.#wakeUps = new WakeUps({ connection, stream: `${this.#place}:wake`, clock, log, woken });
  }

  /** Opens all lines. @throws when it does not let this host in, is not ours, or keeps nothing; or as Redis does */
  async open(signal: AbortSignal): Promise<void> {
    const { replicas, log } = this.parts;
    const client = await this.writing.open(signal);
    await takeFormat(client, `${this.#place}:format`, this.layout.format, this.where);
    this.#keeping = await keepingOf(client, replicas, this.where);
    if (this.#keeping.warning !== undefined) log.warn(this.#keeping.warning);
    for (const line of this.#lines) if (line !== this.writing) await line.open(signal);
    await this.#wakeUps?.start();
  }

  async close(): Promise<void> {
    for (const line of this.#lines) line.close();
    await this.#wakeUps?.stop();
  }

  /**
   * Runs a script that writes; resolves when enough replicas have what it wrote.
   * @param wrote whether by its answer there is something that they must have
   */
  async write(
    script: Script,
    args: readonly (string | number | Buffer)[],
    wrote = (_: unknown) => true,
  ): Promise<unknown> {
    const client = await this.writing.ready();
    const { generation } = this.writing;
    const answer = await script.run(client, this.keyspace, ...args);
    if (!wrote(answer)) return answer;
    await this.#confirmation.of(client, generation);
    this.#full = undefined;
    return answer;
  }

  /** Resolves when enough replicas have all that was written before, by whichever host. @param key of this provider's own */
  async confirmAll(key: string, value: number): Promise<void> {
    if (this.parts.replicas === 0) return;
    const client = await this.writing.ready();
    const { generation } = this.writing;
    // Redis waits for what was written over the line that asks, and for all before it.
    await client.set(key, value);
    await this.#confirmation.of(client, generation);
  }

  /** That there is no space is remembered for health until something is written: it will meet others as well. */
  noted<F extends { readonly reason: string; readonly message: string }>(fault: F): F {
    if (fault.reason !== 'full') return fault;
    if (this.#full === undefined) this.parts.log.error(fault.message);
    this.#full = fault.message;
    return fault;
  }

  /** @param more what else is not as it should be */
  health(more: readonly string[] = []): Health {
    const away = this.#lines.find(({ fault }) => fault !== undefined);
    if (away) return { status: 'failed', reason: `${away.where} is away: ${away.fault}` };
    if (this.#full !== undefined) return { status: 'failed', reason: this.#full };
    const { warning } = this.#keeping;
    const reasons = warning === undefined ? more : [...more, warning];
    return reasons.length > 0 ? { status: 'degraded', reason: reasons.join('; ') } : { status: 'ok' };
  }
}
