import { setImmediate } from 'node:timers/promises';
import type { Clock } from '../plugin/clock.js';

/**
 * A clock that stands still until it is told to move.
 * @stable since 0.1.0
 */
export interface ManualClock extends Clock {
  /**
   * Moves the time on, and ends every delay that is then over, in the order of their ends. What they wake gets turns
   * of the event loop to run, and may begin new delays that end within the same move.
   */
  advance(milliseconds: number): Promise<void>;
  /** How many delays are under way. */
  readonly waiting: number;
}

interface Delay {
  readonly until: number;
  readonly end: () => void;
}

/**
 * @param start milliseconds since the epoch; 2026-01-01 unless told
 * @stable since 0.1.0
 */
export function manualClock(start = Date.UTC(2026, 0, 1)): ManualClock {
  let now = start;
  const delays = new Set<Delay>();
  const nextUntil = (limit: number): Delay | undefined =>
    [...delays].filter(({ until }) => until <= limit).sort((a, b) => a.until - b.until)[0];

  return {
    now: () => now,
    get waiting() {
      return delays.size;
    },
    delay: (milliseconds, signal) =>
      new Promise((resolve, reject) => {
        signal?.throwIfAborted();
        const finish = (settle: () => void) => () => {
          delays.delete(delay);
          signal?.removeEventListener('abort', abort);
          settle();
        };
        const delay: Delay = { until: now + milliseconds, end: finish(resolve) };
        const abort = finish(() => reject(signal?.reason));
        signal?.addEventListener('abort', abort);
        delays.add(delay);
      }),
    async advance(milliseconds) {
      const target = now + milliseconds;
      await settle();
      for (let due = nextUntil(target); due; due = nextUntil(target)) {
        now = Math.max(now, due.until);
        due.end();
        await settle();
      }
      now = target;
      await settle();
    },
  };
}

/** Lets everything run that does not wait for time or for the outside. */
async function settle(): Promise<void> {
  for (let turn = 0; turn < 4; turn++) await setImmediate();
}
