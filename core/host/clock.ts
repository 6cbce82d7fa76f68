import { setTimeout } from 'node:timers/promises';
import type { Clock } from '../plugin/clock.js';

/** The longest delay that a timer of the platform keeps; a longer one would fire at once. */
const longest = 2 ** 31 - 1;

/**
 * The real time, for a host: its entries keep the process alive, a wait alone does not.
 *
 * @stable since 0.1.0
 */
export const systemClock: Clock = realClock(false);

/** The real time, for a command: the process lives as long as something is waited for. */
export const commandClock: Clock = realClock(true);

function realClock(holdsProcess: boolean): Clock {
  return Object.freeze({
    now: () => Date.now(),
    async delay(milliseconds: number, signal?: AbortSignal): Promise<void> {
      signal?.throwIfAborted();
      try {
        for (let left = milliseconds; left > 0; left -= longest) {
          await setTimeout(Math.min(left, longest), undefined, { ref: holdsProcess, ...(signal && { signal }) });
        }
      } catch (error) {
        // The timer rejects with an error of its own; the contract promises the reason that the caller gave.
        signal?.throwIfAborted();
        throw error;
      }
    },
  });
}
