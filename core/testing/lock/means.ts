import { type Lease, LockFault, type LockProvider } from '../../ports/index.js';
import type { Trial } from '../trial.js';

export type LockTrial = Trial<LockProvider>;

/** Has the lease; fails when it does not come. */
export function acquire(trial: LockTrial, name: string, locks: LockProvider = trial.instance): Promise<Lease> {
  return trial.within(`acquire of ${JSON.stringify(name.slice(0, 60))}`, locks.acquire(name));
}

/** A call that waits, and whether it has ended. */
export class Waiting {
  readonly ended: Promise<Lease>;
  #had = false;

  constructor(acquired: Promise<Lease>) {
    this.ended = acquired;
    // Whoever looks at it later is told; nobody else has to be.
    acquired.then(
      () => {
        this.#had = true;
      },
      () => undefined,
    );
  }

  get had(): boolean {
    return this.#had;
  }
}

/** Expects that the signal tells of a loss, and of nothing else. */
export function lost(trial: LockTrial, what: string, { signal }: Lease): void {
  trial.equal(`whether the signal of ${what} has aborted`, signal.aborted, true);
  const { reason } = signal;
  trial.holds(`why ${what} is over`, reason instanceof LockFault && reason.reason === 'lost', 'LockFault lost', reason);
}

/** Expects a fault of this reason. */
export async function refused(
  trial: LockTrial,
  what: string,
  work: () => Promise<unknown>,
  reason: LockFault['reason'],
): Promise<void> {
  const error = await trial.rejects(what, work);
  trial.holds(what, error instanceof LockFault && error.reason === reason, `LockFault ${reason}`, error);
}

/** Lets everything run that waits for neither time nor the outside. */
export async function turns(count = 10): Promise<void> {
  for (let turn = 0; turn < count; turn++) await new Promise((resolve) => setImmediate(resolve));
}
