import type { PullCredential } from '../../../core/ports/index.js';

/** Credentials, and when they were handed over. */
export interface Held {
  /** Milliseconds since the epoch. */
  readonly at: number;
  readonly credentials: readonly PullCredential[];
}

/** Those that count at this time. */
export function goodOf(held: Held | undefined, now: number): readonly PullCredential[] {
  return (held?.credentials ?? []).filter(({ expiresAt }) => expiresAt === undefined || expiresAt > now);
}

/** When half of the life of the one that expires first is over; `undefined` where none expires. */
export function renewalOf({ at, credentials }: Held): number | undefined {
  const ends = credentials.flatMap(({ expiresAt }) => expiresAt ?? []);
  return ends.length === 0 ? undefined : at + Math.max(0, Math.min(...ends) - at) / 2;
}
