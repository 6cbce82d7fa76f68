import { isLockName, type Lease, LockFault } from '../ports/index.js';
import { LinkedAbortController } from '../work/linked-abort-controller.js';
import { Turns } from '../work/turns.js';
import { unlessAborted } from '../work/unless-aborted.js';
import { type Grant, HeldLease } from './held-lease.js';

/**
 * Waits until the store gives the lease.
 *
 * @param lose to be called when it may have another holder, with the reason in a sentence
 * @throws LockFault when it cannot be had, the signal's reason when it aborts
 */
export type GrantAsker = (name: string, signal: AbortSignal, lose: (reason: string) => void) => Promise<Grant>;

/** The leases of a host: of each name one at a time is asked for or held, in the order of the calls. */
export class Leases {
  readonly #turns = new Turns();
  readonly #held = new Set<HeldLease>();
  #closing: AbortController | undefined;

  constructor(private readonly ask: GrantAsker) {}

  /** How many are held. */
  get count(): number {
    return this.#held.size;
  }

  /** From now on leases can be had. */
  open(): void {
    this.#closing = new AbortController();
  }

  /** Ends every call that waits, takes every lease away, and waits until they are given back. */
  async close(): Promise<void> {
    this.#closing?.abort(closed());
    this.#closing = undefined;
    for (const lease of this.#held) lease.lose('the provider of locks has stopped');
    await this.#turns.idle();
  }

  async acquire(name: string, signal?: AbortSignal): Promise<Lease> {
    if (typeof name !== 'string' || !isLockName(name)) {
      throw new TypeError(
        `the name of a lock must be well-formed text of 1 to 512 units without U+0000: ${JSON.stringify(name)}`,
      );
    }
    if (this.#closing === undefined) throw closed();
    const waiting = new LinkedAbortController(this.#closing.signal, ...(signal ? [signal] : []));
    const had = new Promise<Lease>((resolve, reject) => {
      const give = (lease: Lease): void => {
        // Whoever aborts from here on has the lease already.
        waiting.unlink();
        resolve(lease);
      };
      this.#turns.take(name, () => this.#hold(name, waiting.signal, give), waiting.signal).catch(reject);
    });
    return unlessAborted(waiting.signal, had).finally(() => waiting.unlink());
  }

  /** Resolves when the lease is over. */
  async #hold(name: string, signal: AbortSignal, give: (lease: Lease) => void): Promise<void> {
    // Where the answer took longer than the lease lasts, it is lost before it is here.
    let lost: string | undefined;
    let lease: HeldLease | undefined;
    const grant = await this.ask(name, signal, (reason) => {
      lost ??= reason;
      lease?.lose(reason);
    });
    if (signal.aborted) return grant.giveUp();
    lease = new HeldLease(name, grant);
    if (lost !== undefined) lease.lose(lost);
    this.#held.add(lease);
    give(lease);
    await lease.over;
    this.#held.delete(lease);
  }
}

function closed(): LockFault {
  return new LockFault('closed', 'locks can be had between start and stop alone');
}
