import { LRUCache } from 'lru-cache';
import type { Operation } from '../../core/operation/index.js';
import type { Reply } from './wire/index.js';

const most = 4096;
const mostBytes = 16 * 1024 * 1024;

/**
 * Answers of calls that may have changed something, given lately. Brokers deliver "at least once", and callers repeat: a
 * call that comes again under the same correlation id is answered as the first time, and has no second effect.
 * What was refused is not kept, so that a stranger, who is always refused, cannot push out what others were answered.
 */
export class RecentReplies {
  readonly #replies = new LRUCache<string, Reply>({
    max: most,
    maxSize: mostBytes,
    sizeCalculation: ({ body }) => 1 + body.length,
  });

  get(key: string): Reply | undefined {
    return this.#replies.get(key);
  }

  keep(key: string, { idempotency }: Operation, reply: Reply): void {
    if (idempotency !== 'safe' && mayHaveChanged(reply)) this.#replies.set(key, reply);
  }
}

/** A refusal changed nothing; after an error, or when time ran out, nobody knows. */
function mayHaveChanged({ kind, fields }: Reply): boolean {
  const status = Number(fields['status']);
  return kind !== 'problem' || (status >= 500 && status !== 503);
}
