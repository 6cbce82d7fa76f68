/**
 * Exponential back-off with full jitter: a random wait up to `first * 2^(attempt - 1)`, never beyond `cap`, never less
 * than half of that, so that a lone retry is not immediate and many do not come together.
 *
 * @param attempt 1 for the first retry
 * @param random between 0 and 1
 * @returns milliseconds
 */
export function backoff(attempt: number, first: number, cap: number, random: number = Math.random()): number {
  const most = Math.min(cap, first * 2 ** Math.min(attempt - 1, 30));
  return Math.round(most / 2 + (most / 2) * random);
}
