import { LRUCache } from 'lru-cache';
import type { Reply } from './wire/index.js';

const most = 4096;
const mostBytes = 16 * 1024 * 1024;

/**
 * Answers that were given lately. Brokers deliver "at least once", and callers repeat: a call that comes again under
 * the same correlation id is answered as the first time, and has no second effect.
 */
export class RecentReplies {
  readonly #replies = new LRUCache<string, { readonly reply: Reply | undefined }>({
    max: most,
    maxSize: mostBytes,
    sizeCalculation: ({ reply }) => 1 + (reply?.body.length ?? 0),
  });

  /** @returns what was answered before; `undefined` for a new call, which is under way from now on */
  begin(key: string): Reply | 'under way' | undefined {
    const known = this.#replies.get(key);
    if (known) return known.reply ?? 'under way';
    this.#replies.set(key, { reply: undefined });
    return undefined;
  }

  keep(key: string, reply: Reply): void {
    this.#replies.set(key, { reply });
  }
}
