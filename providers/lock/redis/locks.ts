import { ulid } from 'ulid';
import { type Grant, Leases } from '../../../core/locks/index.js';
import { type Health, type Lifecycle, LinkedAbortController } from '../../../core/plugin/index.js';
import type { Lease, LockProvider } from '../../../core/ports/index.js';
import { part, type RedisParts, RedisStore } from '../../shared/redis/index.js';
import { lockFault } from './faults.js';
import { Renewal } from './renewal.js';
import { acquireScript, format, releaseScript, renewScript } from './scripts.js';
import { Waiting } from './waiting.js';

export interface RedisLocksParts extends RedisParts {
  /** Seconds for which a lease is given each time. */
  readonly duration: number;
}

/** Locks among all hosts that share a Redis. */
export class RedisLocks implements LockProvider, Lifecycle {
  readonly #parts: RedisLocksParts;
  readonly #store: RedisStore;
  readonly #waiting = new Waiting();
  readonly #leases = new Leases((...asked) => this.#grant(...asked));

  constructor(parts: RedisLocksParts) {
    this.#parts = parts;
    this.#store = new RedisStore(parts, { kind: 'lock', format });
    this.#store.hear((lock) => this.#waiting.wake(lock));
  }

  /** @throws LockFault when it cannot be used; its `reason` and text say why */
  async start(signal: AbortSignal = new AbortController().signal): Promise<void> {
    try {
      await this.#store.open(signal);
    } catch (error) {
      throw lockFault(error, this.#store.where);
    }
    this.#leases.open();
  }

  acquire(name: string, { signal }: { readonly signal?: AbortSignal } = {}): Promise<Lease> {
    return this.#leases.acquire(name, signal);
  }

  async stop(): Promise<void> {
    await this.#leases.close();
    await this.#store.close();
  }

  health(): Health {
    return this.#store.health();
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
      throw lockFault(error, this.#store.where);
    } finally {
      this.#waiting.forget(name);
    }
  }

  #given(name: string, owner: string, fence: number, since: number, lose: (reason: string) => void): Grant {
    const { clock, log } = this.#parts;
    // As the lease itself, its renewal counts when replicas know of it.
    const renew = async (): Promise<boolean> =>
      (await this.#store.write(renewScript, [part(name), owner, this.#duration, fence], (kept) => kept === 1)) === 1;
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
    const isGiven = (answer: unknown): boolean => (answer as readonly [number, unknown])[0] === 1;
    const answer = await this.#store.write(acquireScript, [part(name), owner, this.#duration], isGiven);
    const [, number] = answer as readonly [number, Buffer | number];
    return [isGiven(answer), Number(number)];
  }

  async #release(name: string, owner: string): Promise<void> {
    // Who cannot reach Redis does not wait for it: the lease runs out.
    if (this.#store.writing.fault !== undefined) return;
    const untold = (error: unknown): void =>
      this.#parts.log.debug('Redis could not be told of a release; the lease runs out', { lock: name, error });
    await this.#store.write(releaseScript, [part(name), owner], () => false).catch(untold);
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
