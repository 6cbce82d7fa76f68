import type { Clock } from '../../../core/plugin/index.js';
import { TakenBack } from './update.js';

interface Refusal {
  readonly applied: string;
  /** Milliseconds since the epoch. */
  readonly until: number;
  readonly fault: TakenBack;
}

/**
 * Updates that were taken back, by project. Each further try would cost what runs another pause, so it is made only after
 * a while, or with another revision; an agent that starts anew begins anew.
 */
export class Refusals {
  readonly #refusals = new Map<string, Refusal>();

  constructor(
    private readonly clock: Clock,
    /** Milliseconds. */
    private readonly pause: number,
  ) {}

  /** Why this revision shall not be tried now, if so. */
  of(project: string, applied: string): TakenBack | undefined {
    const refusal = this.#refusals.get(project);
    if (refusal === undefined || refusal.applied !== applied || this.clock.now() >= refusal.until) return undefined;
    return refusal.fault;
  }

  async noting(project: string, applied: string, work: () => Promise<void>): Promise<void> {
    this.forget(project);
    try {
      await work();
    } catch (fault) {
      if (fault instanceof TakenBack)
        this.#refusals.set(project, { applied, until: this.clock.now() + this.pause, fault });
      throw fault;
    }
  }

  forget(project: string): void {
    this.#refusals.delete(project);
  }
}
