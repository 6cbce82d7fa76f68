import { type Lease, LockFault } from '../ports/index.js';

/** A lease as the store gives it. */
export interface Grant {
  readonly fence: number;
  /** Gives it back, where it still is there; never rejects. */
  giveUp(): Promise<void>;
}

/** A lease in the hands of its holder. */
export class HeldLease implements Lease {
  readonly fence: number;
  /** Resolves when it was given up, or lost and given up where it still was there. */
  readonly over: Promise<void>;
  readonly #losing = new AbortController();
  readonly #grant: Grant;
  #end: () => void = () => undefined;
  #ended: Promise<void> | undefined;

  constructor(
    readonly name: string,
    grant: Grant,
  ) {
    this.#grant = grant;
    this.fence = grant.fence;
    this.over = new Promise((resolve) => {
      this.#end = resolve;
    });
  }

  get signal(): AbortSignal {
    return this.#losing.signal;
  }

  release(): Promise<void> {
    this.#ended ??= this.#grant.giveUp().finally(this.#end);
    return this.#ended;
  }

  /** Tells the holder that somebody else may have it, unless it was released. */
  lose(reason: string): void {
    if (this.#ended !== undefined) return;
    this.#losing.abort(new LockFault('lost', `the lease of ${JSON.stringify(this.name)} is lost: ${reason}`));
    void this.release();
  }
}
