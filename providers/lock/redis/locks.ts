import { ulid } from 'ulid';
import { type Grant, Leases } from '../../../core/locks/index.js';
import { type Clock, type Health, type Lifecycle, LinkedAbortController } from '../../../core/plugin/index.js';
import type { Lease, LockProvider } from '../../../core/ports/index.js';
import {
  block,
  Confirmation,
  type ConnectionParts,
  type Keeping,
  keepingOf,
  keyspace,
  part,
  RedisConnection,
  type Script,
  takeFormat,
  WakeUps,
} from '../../shared/redis/index.js';
import { lockFault } from './faults.js';
import { Renewal } from './renewal.js';
import { acquireScript, format, releaseScript, renewScript } from './scripts.js';
import { Waiting } from './waiting.js';

export interface RedisLocksParts extends Omit<ConnectionParts, 'name' | 'silence'> {
  readonly clock: Clock;
  /** Replicas that must know of a lease before it counts. */
  readonly replicas: number;
  /** Seconds for which a lease is given each time. */
  readonly duration: number;
}

/** Locks among all hosts that share a Redis. */
export class RedisLocks implements LockProvider, Lifecycle {
  readonly #parts: RedisLocksParts;
  readonly #keyspace: string;
  readonly #asking: RedisConnection;
  readonly #listening: RedisConnection;
  readonly #confirmation: Confirmation;
  readonly #wakeUps: WakeUps;
  readonly #waiting = new Waiting();
  readonly #leases = new Leases((...asked) => this.#grant(...asked));
  #keeping: Keeping = { durable: true };

  constructor(parts: RedisLocksParts) {
    this.#parts = parts;
    const { settings, clock, log, replicas, secrets, resolvePath } = parts;
    this.#keyspace = keyspace(settings.prefix);
    const silence = settings.timeout * 1000;
    const common = { settings, secrets, resolvePath, log };
    this.#asking = new RedisConnection({ ...common, name: 'locks', silence: replicas > 0 ? 2 * silence : silence });
    const name = 'lock-wake-ups';
    this.#listening = new RedisConnection({ ...common, name, silence: silence + block, quiet: true });
    this.#confirmation = new Confirmation({ connection: this.#asking, replicas, timeout: settings.timeout });
    const woken = (lock: string | undefined): void => this.#waiting.wake(lock);
    const stream = `${this.#keyspace}:lock:wake`;
    this.#wakeUps = new WakeUps({ connection: this.#listening, stream, clock, log, woken });
  }

  /** @throws LockFault when it cannot be used; its `reason` and text say why */
  async start(signal: AbortSignal = new AbortController().signal): Promise<void> {
    const { where } = this.#asking;
    try {
      const client = await this.#asking.open(signal);
      await takeFormat(client, `${this.#keyspace}:lock:format`, format, where);
      this.#keeping = await keepingOf(client, this.#parts.replicas, where);
      if (this.#keeping.warning !== undefined) this.#parts.log.warn(this.#keeping.warning);
      await this.#wakeUps.start(await this.#listening.open(signal));
    } catch (error) {
      throw lockFault(error, where);
    }
    this.#leases.open();
  }

  acquire(name: string, { signal }: { readonly signal?: AbortSignal } = {}): Promise<Lease> {
    return this.#leases.acquire(name, signal);
  }

  async stop(): Promise<void> {
    await this.#leases.close();
    for (const connection of [this.#asking, this.#listening]) connection.close();
    await this.#wakeUps.stop();
  }

  health(): Health {
    const away = [this.#asking, this.#listening].find(({ fault }) => fault !== undefined);
    if (away) return { status: 'failed', reason: `${away.where} is away: ${away.fault}` };
    const { warning } = this.#keeping;
    return warning === undefined ? { status: 'ok' } : { status: 'degraded', reason: warning };
  }

  async #grant(name: string, signal: AbortSignal, lose: (reason: string) => void): Promise<Grant> {
    const { clock } = this.#parts;
    const owner = ulid();
    try {
      for (;;) {
        const woken = this.#waiting.listen(name);
        const since = clock.now();
        const [given, number] = await this.#take(name, owner);
        if (given) return this.#given(name, owner, number, since, lose);
        signal.throwIfAborted();
        await this.#rest(number + 1, woken.signal, signal);
      }
    } catch (error) {
      if (error === signal.reason) throw error;
      // It may have been given: then nobody has to wait until it runs out.
      await this.#release(name, owner);
      throw lockFault(error, this.#asking.where);
    } finally {
      this.#waiting.forget(name);
    }
  }

  #given(name: string, owner: string, fence: number, since: number, lose: (reason: string) => void): Grant {
    const { clock, log } = this.#parts;
    const renew = async (): Promise<boolean> =>
      (await this.#say(renewScript, name, owner, this.#duration, fence)) === 1;
    const renewal = new Renewal({
      clock,
      since,
      duration: this.#duration,
      renew,
      lose: (reason) => {
        log.warn('a lease is lost', { lock: name, fence, reason });
        lose(reason);
      },
    });
    return {
      fence,
      giveUp: async () => {
        await renewal.end();
        await this.#release(name, owner);
      },
    };
  }

  get #duration(): number {
    return this.#parts.duration * 1000;
  }

  /** @returns whether the lease was given, and its fence, or in how many milliseconds that of another runs out */
  async #take(name: string, owner: string): Promise<readonly [given: boolean, number: number]> {
    const client = await this.#asking.ready();
    const { generation } = this.#asking;
    const answer = await acquireScript.run(client, this.#keyspace, part(name), owner, this.#duration);
    const [given, number] = answer as readonly [number, Buffer | number];
    if (given !== 1) return [false, Number(number)];
    await this.#confirmation.of(client, generation);
    return [true, Number(number)];
  }

  async #say(script: Script, name: string, ...args: readonly (string | number)[]): Promise<unknown> {
    return script.run(await this.#asking.ready(), this.#keyspace, part(name), ...args);
  }

  async #release(name: string, owner: string): Promise<void> {
    // Who cannot reach Redis does not wait for it: the lease runs out.
    if (this.#asking.fault !== undefined) return;
    const untold = (error: unknown): void =>
      this.#parts.log.debug('Redis could not be told of a release; the lease runs out', { lock: name, error });
    await this.#say(releaseScript, name, owner).catch(untold);
  }

  /** Until the lease of another runs out, or it may be free before that. @throws the signal's reason */
  async #rest(milliseconds: number, woken: AbortSignal, signal: AbortSignal): Promise<void> {
    const resting = new LinkedAbortController(woken, signal);
    try {
      await this.#parts.clock.delay(milliseconds, resting.signal);
    } catch (error) {
      if (!woken.aborted) throw error;
    } finally {
      resting.unlink();
    }
    signal.throwIfAborted();
  }
}
