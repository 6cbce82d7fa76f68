import { LRUCache } from 'lru-cache';
import type { Clock } from '../plugin/clock.js';
import { Problem, problems } from './problem.js';

export interface RateLimits {
  /** Calls a second that one caller may make in the long run. */
  readonly perSecond: number;
  /** Calls that one caller may make at once after a rest. */
  readonly burst: number;
}

/** Callers whose calls are counted; of the rest, who has rested longest is forgotten first. */
const mostCallers = 100_000;

/**
 * Keeps each caller to a rate (GCRA, ITU-T I.371 annex A: one number for each caller, no timers). Own code, because the
 * libraries answer by promises, and the path of polls has none.
 */
export class RateLimiter {
  /** Milliseconds at which a caller will have rested. */
  readonly #restedAt = new LRUCache<string, number>({ max: mostCallers });

  constructor(
    private readonly limits: RateLimits,
    private readonly clock: Clock,
  ) {}

  /** @throws {@link Problem} 429 with the seconds until the next call is taken */
  admit(caller: string): void {
    const now = this.clock.now();
    const each = 1000 / this.limits.perSecond;
    const rested = Math.max(this.#restedAt.get(caller) ?? now, now);
    const early = rested - now - each * (this.limits.burst - 1);
    if (early > 0) {
      const seconds = Math.ceil(early / 1000);
      throw new Problem(problems.tooManyRequests, `too many calls; the next one is taken in ${seconds} s`, {
        retryAfterSeconds: seconds,
      });
    }
    this.#restedAt.set(caller, rested + each);
  }
}
