import type { Clock } from '../plugin/clock.js';
import { unlessAborted } from '../work/index.js';

export interface Heartbeat<P> {
  /** Rejects when nobody will ever answer. */
  readonly ask: () => Promise<P>;
  readonly answered: (pulse: P) => void;
  readonly clock: Clock;
  readonly signal: AbortSignal;
}

/** Milliseconds between two beats. */
const every = 1_000;
/** How many beats in a row may stay unanswered. */
const patience = 10;

/**
 * Asks again and again whether somebody is there. Beats are counted, not time: after a host that stood still itself, what
 * was answered meanwhile is read before the next beat. The first answer may take as long as a start may.
 *
 * @returns in words, that nobody has answered for too long
 * @throws the signal's reason, or what `ask` rejects with
 */
export async function silence<P>({ ask, answered, clock, signal }: Heartbeat<P>): Promise<string> {
  answered(await unlessAborted(signal, ask()));
  const gone = new AbortController();
  const over = AbortSignal.any([signal, gone.signal]);
  let missed = 0;
  let owed = false;
  while (missed < patience) {
    await clock.delay(every, over);
    if (owed) missed += 1;
    else {
      missed = 0;
      owed = true;
      ask()
        .then((pulse) => {
          owed = false;
          answered(pulse);
        })
        .catch((error: unknown) => gone.abort(error));
    }
  }
  return `it did not answer for ${(patience * every) / 1000} s`;
}
