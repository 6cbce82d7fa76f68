import { Leases } from '../../../core/locks/index.js';
import type { Clock, Lifecycle } from '../../../core/plugin/index.js';
import type { Lease, LockProvider } from '../../../core/ports/index.js';

/** Locks of one host, which die with it. A fence is a time in microseconds, or one more than the last of any name. */
export class MemoryLocks implements LockProvider, Lifecycle {
  readonly #leases: Leases;
  #last = 0;

  constructor(clock: Clock) {
    this.#leases = new Leases(async () => {
      this.#last = Math.max(Math.floor(clock.now()) * 1000, this.#last + 1);
      return { fence: this.#last, giveUp: async () => undefined };
    });
  }

  start(): void {
    this.#leases.open();
  }

  acquire(name: string, { signal }: { readonly signal?: AbortSignal } = {}): Promise<Lease> {
    return this.#leases.acquire(name, signal);
  }

  stop(): Promise<void> {
    return this.#leases.close();
  }
}
