import { once } from 'node:events';
import type { Clock } from '../../../core/plugin/clock.js';

/** Something took longer than it was given. */
export class DeadlineExceeded extends Error {
  override readonly name = 'DeadlineExceeded';
}

/**
 * Runs a task whose signal aborts with the first of `signals`, and when the task has ended.
 * (AbortSignal.any would stay registered with a long-lived signal for as long as that lives.)
 */
export async function linked<T>(
  signals: readonly AbortSignal[],
  task: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const inner = new AbortController();
  const listening = signals.map((signal) => {
    const pass = (): void => inner.abort(signal.reason);
    if (signal.aborted) pass();
    signal.addEventListener('abort', pass, { once: true });
    return () => signal.removeEventListener('abort', pass);
  });
  try {
    return await task(inner.signal);
  } finally {
    for (const end of listening) end();
    inner.abort();
  }
}

/** The first of several tasks to end; the others are aborted then. Rejects when `signal` aborts. */
export function untilFirst<T>(
  signals: readonly AbortSignal[],
  tasks: readonly ((signal: AbortSignal) => Promise<T>)[],
): Promise<T> {
  return linked(signals, (inner) => Promise.race([...tasks.map((task) => task(inner)), untilAborted(inner)]));
}

/**
 * Tells whether a time has passed, as long as the signal does not abort. It counts by a delay: two readings of the clock
 * would tell another time when somebody sets it in between.
 */
export function countdown(clock: Clock, milliseconds: number, signal: AbortSignal): () => boolean {
  let over = milliseconds <= 0;
  clock.delay(milliseconds, signal).then(
    () => {
      over = true;
    },
    // Aborted: whether it has passed stays as it is.
    () => undefined,
  );
  return () => over;
}

/** @throws DeadlineExceeded when the task takes longer */
export function withDeadline<T>(
  clock: Clock,
  milliseconds: number,
  signals: readonly AbortSignal[],
  task: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const expire = async (signal: AbortSignal): Promise<never> => {
    await clock.delay(milliseconds, signal);
    throw new DeadlineExceeded(`no result within ${milliseconds} ms`);
  };
  return untilFirst(signals, [task, expire]);
}

/** `work`, given up on (not stopped) when the signal aborts. */
export function orAborted<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  return untilFirst([signal], [() => work]);
}

/** Never resolves; rejects with the signal's reason. */
export async function untilAborted(signal: AbortSignal): Promise<never> {
  if (!signal.aborted) await once(signal, 'abort');
  throw signal.reason;
}
