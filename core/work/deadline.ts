import type { Clock } from '../plugin/clock.js';

export interface Deadline {
  readonly clock: Clock;
  readonly milliseconds: number;
  /** The caller's own, whose abort is told as it is. */
  readonly signal: AbortSignal;
  /** What to say when the time is over. */
  readonly late: () => Promise<Error>;
}

/** Runs `work`, whose signal aborts when the time is over. @throws what `late` gives when that was why it ended */
export async function withDeadline<T>(
  { clock, milliseconds, signal, late }: Deadline,
  work: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const limit = new AbortController();
  const finished = new AbortController();
  const timer = clock.delay(milliseconds, AbortSignal.any([signal, finished.signal])).then(
    () => limit.abort(),
    // Not needed any more: the work ended first.
    () => undefined,
  );
  try {
    return await work(AbortSignal.any([signal, limit.signal]));
  } catch (error) {
    throw limit.signal.aborted && !signal.aborted ? await late() : error;
  } finally {
    finished.abort();
    await timer;
  }
}
