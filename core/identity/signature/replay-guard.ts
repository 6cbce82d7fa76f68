import { createHash } from 'node:crypto';
import { collection, put, remove, StateConflict, type StateProvider, type Stored } from '../../ports/state.js';

interface Seen {
  /** Milliseconds since the epoch. */
  readonly expiresAt: number;
}

const minuteOf = (milliseconds: number): number => Math.floor(milliseconds / 60_000);

/** Signatures of requests that were carried out, by base64url SHA-256, until they would be refused for their age. */
export const signatureReplays = collection<Seen>('signature-replays', {
  expiryMinute: (seen) => [String(minuteOf(seen.expiresAt))],
});

/** Beyond this many minutes since the last pruning one walk over everything is cheaper than one look per minute. */
const mostMinutes = 60;

/** Lets every signature through once. What it remembers survives a restart if the state does. */
export class ReplayGuard {
  /** All minutes before this one are known to be pruned. */
  #prunedUpTo: number | undefined;

  constructor(private readonly state: StateProvider) {}

  /**
   * Atomic: of several calls with one signature, on one host or many, exactly one is let through.
   *
   * @param signature the canonical bytes, as equivalent forms of one signature must count as one
   * @param expiresAt milliseconds since the epoch after which the signature is refused for its age anyway
   * @returns whether the signature is new
   */
  async admit(signature: Uint8Array, expiresAt: number): Promise<boolean> {
    const key = createHash('sha256').update(signature).digest('base64url');
    try {
      await this.state.commit([put(signatureReplays, key, { expiresAt }, 'absent')]);
      return true;
    } catch (error) {
      if (error instanceof StateConflict) return false;
      throw error;
    }
  }

  /**
   * Forgets what has expired before the current minute. Call it every minute or so.
   *
   * @param now milliseconds since the epoch
   * @returns how many were forgotten
   */
  async prune(now: number): Promise<number> {
    const until = minuteOf(now);
    const from = this.#prunedUpTo;
    let forgotten = 0;
    if (from === undefined || until - from > mostMinutes) {
      forgotten = await this.#forget(undefined, (seen) => minuteOf(seen.expiresAt) < until);
    } else {
      for (let minute = from; minute < until; minute += 1) forgotten += await this.#forget(minute, () => true);
    }
    this.#prunedUpTo = Math.max(until, from ?? until);
    return forgotten;
  }

  async #forget(minute: number | undefined, expired: (seen: Seen) => boolean): Promise<number> {
    const index = minute === undefined ? {} : { index: { name: 'expiryMinute', equals: String(minute) } };
    let forgotten = 0;
    let after: string | undefined;
    do {
      const page = await this.state.list(signatureReplays, { ...index, limit: 1000, ...(after && { after }) });
      const old = page.items.filter((item: Stored<Seen>) => expired(item.value));
      if (old.length > 0) await this.state.commit(old.map((item) => remove(signatureReplays, item.key)));
      forgotten += old.length;
      after = page.next;
    } while (after !== undefined);
    return forgotten;
  }
}
