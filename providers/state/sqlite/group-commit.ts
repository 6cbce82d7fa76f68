import { setImmediate } from 'node:timers';
import type { PreparedChange } from '../../../core/state/index.js';
import type { Outcome } from './writer.js';

interface Waiting {
  readonly changes: readonly PreparedChange[];
  readonly settle: (outcome: Outcome) => void;
}

/** How many commits share a transaction at most: bounds how long the event loop stands still. */
const batchLimit = 256;

/**
 * Collects the commits of one turn of the event loop, so that they wait for the disk together: the cost of a durable
 * commit is the wait, not the writing.
 */
export class GroupCommit {
  #waiting: Waiting[] = [];
  #scheduled = false;

  constructor(private readonly run: (batch: readonly (readonly PreparedChange[])[]) => readonly Outcome[]) {}

  /** @throws what became of the commit, when it is not a revision */
  commit(changes: readonly PreparedChange[]): Promise<number> {
    return new Promise((resolve, reject) => {
      this.#waiting.push({
        changes,
        settle: (outcome) => (outcome instanceof Error ? reject(outcome) : resolve(outcome.revision)),
      });
      this.#schedule();
    });
  }

  /** Runs what waits, now. */
  flush(): void {
    while (this.#waiting.length > 0) this.#runBatch();
  }

  #schedule(): void {
    if (this.#scheduled) return;
    this.#scheduled = true;
    setImmediate(() => {
      this.#scheduled = false;
      if (this.#waiting.length > 0) this.#runBatch();
      if (this.#waiting.length > 0) this.#schedule();
    });
  }

  #runBatch(): void {
    const batch = this.#waiting.splice(0, batchLimit);
    const outcomes = this.#outcomes(batch);
    for (const [at, { settle }] of batch.entries()) {
      settle(outcomes[at] ?? new Error('a commit was left without an outcome'));
    }
  }

  /** Whatever `run` throws belongs to every caller of the batch; thrown here it would reach none of them. */
  #outcomes(batch: readonly Waiting[]): readonly Outcome[] {
    try {
      return this.run(batch.map(({ changes }) => changes));
    } catch (error) {
      const fault = error instanceof Error ? error : new Error(String(error));
      return batch.map(() => fault);
    }
  }
}
