/** What became of one attempt to deliver an event. */
export type Outcome =
  | { readonly kind: 'delivered' }
  /** The receiver will never take this event; others may be fine. */
  | { readonly kind: 'refused'; readonly reason: string }
  /** The receiver wants no more of anything. */
  | { readonly kind: 'gone' }
  /** @see waitBefore */
  | { readonly kind: 'later'; readonly reason: string; readonly retryAfter?: number };

/** Statuses that say of the event itself that it cannot be taken. Of 401 or 404 a person will hear, and put it right. */
const refusing: ReadonlySet<number> = new Set([400, 413, 415, 422]);

/**
 * @param retryAfter of the answer (RFC 9110 section 10.2.3): seconds, or a date
 * @param now milliseconds since the epoch
 */
export function outcomeOf(status: number, retryAfter: string | undefined, now: number): Outcome {
  if (status >= 200 && status < 300) return { kind: 'delivered' };
  if (status === 410) return { kind: 'gone' };
  const reason = `the receiver answered ${status}`;
  if (refusing.has(status)) return { kind: 'refused', reason };
  const asked = retryAfter === undefined ? undefined : millisecondsIn(retryAfter, now);
  return { kind: 'later', reason, ...(asked !== undefined && { retryAfter: asked }) };
}

function millisecondsIn(retryAfter: string, now: number): number | undefined {
  const wait = /^\d+$/.test(retryAfter) ? Number(retryAfter) * 1000 : Date.parse(retryAfter) - now;
  return Number.isFinite(wait) ? Math.max(0, wait) : undefined;
}

const first = 5_000;
const longest = 3_600_000;
const longestAsked = 24 * 3_600_000;

/**
 * Exponential back-off: from 5 seconds to an hour, half of it random, so that many hosts do not come back together. A
 * receiver that asks for more time gets it, up to a day.
 *
 * @param attempt 1 after the first failure
 * @param random between 0 and 1
 * @returns milliseconds
 */
export function waitBefore(attempt: number, asked: number | undefined, random: number): number {
  const most = Math.min(longest, first * 2 ** Math.min(attempt - 1, 30));
  const wait = Math.round(most / 2 + (most / 2) * random);
  return Math.max(wait, Math.min(asked ?? 0, longestAsked));
}
