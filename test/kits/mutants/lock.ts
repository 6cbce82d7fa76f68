import { type Clock, type Lease, LockFault, type LockProvider } from '../../../core/plugin/index.js';
import { type MakeSubject, manualClock } from '../../../core/testing/index.js';
import { MemoryLocks } from '../../../providers/lock/memory/index.js';

type Options = { readonly signal?: AbortSignal };

/** Locks that work, for mutants to break in one place. */
export class LockMutant implements LockProvider {
  protected inner: MemoryLocks;

  constructor(protected readonly clock: Clock) {
    this.inner = new MemoryLocks(clock);
    this.inner.start();
  }

  acquire(name: string, options?: Options): Promise<Lease> {
    return this.inner.acquire(name, options);
  }
  stop(): Promise<void> {
    return this.inner.stop();
  }
}

const lease = (name: string, fence: number): Lease => ({
  name,
  fence,
  signal: new AbortController().signal,
  release: async () => undefined,
});

/** Gives every caller a lease. */
export class LocksNothing extends LockMutant {
  #last = 0;
  override async acquire(name: string): Promise<Lease> {
    return lease(name, ++this.#last);
  }
}

/** Counts from one in each life. */
export class CountsFromOne extends LockMutant {
  #last = 0;
  override async acquire(name: string, options?: Options): Promise<Lease> {
    const held = await this.inner.acquire(name, options);
    return { ...lease(name, ++this.#last), signal: held.signal, release: () => held.release() };
  }
}

/** Has but one lock. */
export class ConfusesNames extends LockMutant {
  override async acquire(name: string, options?: Options): Promise<Lease> {
    const held = await this.inner.acquire(name.toLowerCase().trim(), options);
    return { ...lease(name, held.fence), signal: held.signal, release: () => held.release() };
  }
}

/** Frees the name whoever holds it. */
export class ReleasesOfOthers extends LockMutant {
  readonly #held = new Map<string, Lease>();
  override async acquire(name: string, options?: Options): Promise<Lease> {
    const held = await this.inner.acquire(name, options);
    this.#held.set(name, held);
    const release = async (): Promise<void> => this.#held.get(name)?.release();
    return { ...lease(name, held.fence), signal: held.signal, release };
  }
}

/** Lets a lease run out though its holder works. */
export class NeverRenews extends LockMutant {
  override async acquire(name: string, options?: Options): Promise<Lease> {
    const held = await this.inner.acquire(name, options);
    void this.clock.delay(15_000).then(() => held.release());
    return held;
  }
}

/** Waits on though its caller has gone. */
export class HearsNoAbort extends LockMutant {
  override acquire(name: string): Promise<Lease> {
    return this.inner.acquire(name);
  }
}

/** Keeps for itself what comes after its caller has gone. */
export class LeaksAborted extends LockMutant {
  override acquire(name: string, { signal }: Options = {}): Promise<Lease> {
    const held = this.inner.acquire(name);
    if (!signal) return held;
    return new Promise((resolve, reject) => {
      if (signal.aborted) void held.then((late) => late.release());
      const leave = (): void => reject(signal.reason);
      if (signal.aborted) leave();
      signal.addEventListener('abort', leave, { once: true });
      held.then(resolve, reject);
    });
  }
}

/** Takes the abort of the call for one of the lease. */
export class AbortsWithTheCall extends LockMutant {
  override async acquire(name: string, options: Options = {}): Promise<Lease> {
    const held = await this.inner.acquire(name, options);
    const { signal = held.signal } = options;
    return { ...lease(name, held.fence), signal, release: () => held.release() };
  }
}

/** Tells no holder that it stops. */
export class StopsInSilence extends LockMutant {
  override async acquire(name: string, options?: Options): Promise<Lease> {
    const held = await this.inner.acquire(name, options);
    return { ...lease(name, held.fence), release: () => held.release() };
  }
}

/** Goes on after its end. */
export class OutlivesStop extends LockMutant {
  override async stop(): Promise<void> {
    // As if nobody had said anything.
  }
}

/** Refuses names with the wrong error. */
export class RefusesWithFault extends LockMutant {
  override async acquire(name: string, options?: Options): Promise<Lease> {
    if (name === '') throw new LockFault('away', 'no name');
    return this.inner.acquire(name, options);
  }
}

/** Gives the lease to whoever came last. */
export class LastComesFirst extends LockMutant {
  readonly #waiting: (() => void)[] = [];
  #held = false;
  override async acquire(name: string, options?: Options): Promise<Lease> {
    if (this.#held) await new Promise<void>((resolve) => this.#waiting.push(resolve));
    this.#held = true;
    const held = await this.inner.acquire(name, options);
    const release = async (): Promise<void> => {
      await held.release();
      const next = this.#waiting.pop();
      if (next) next();
      else this.#held = false;
    };
    return { ...lease(name, held.fence), signal: held.signal, release };
  }
}

export const subjects =
  (mutant: new (clock: Clock) => LockMutant): MakeSubject<LockProvider> =>
  async () => {
    const clock = manualClock();
    let instance = new mutant(clock);
    return {
      instance,
      advance: (milliseconds) => clock.advance(milliseconds),
      close: () => instance.stop(),
      async reopen() {
        instance = new mutant(clock);
        return instance;
      },
      dispose: () => instance.stop(),
    };
  };
