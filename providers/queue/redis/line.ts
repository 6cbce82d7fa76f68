import type { FailedItem } from '../../../core/ports/index.js';
import { fromStored, frozenJson, toStored } from '../../../core/state/index.js';
import { part, type RedisConnection } from '../../shared/redis/index.js';
import { endScript, failedScript, keepScript, takeScript } from './scripts.js';

export interface Retries {
  /** How often an item is tried until it is kept as failed. */
  readonly attempts: number;
  /** Milliseconds before a failed item is tried again; doubles with every further attempt. */
  readonly firstDelay: number;
  /** Milliseconds between two attempts at most. */
  readonly maxDelay: number;
}

export interface LineParts {
  readonly connection: RedisConnection;
  /** What all keys begin with. */
  readonly keyspace: string;
  readonly retries: Retries;
  /** Milliseconds without a sign of life after which an item is taken from its worker. */
  readonly claimAfter: number;
}

/** An item that is worked on here. */
export interface Held {
  readonly queue: string;
  readonly id: string;
  /** Of this attempt alone. */
  readonly owner: string;
}

export type Taken =
  | { readonly kind: 'item'; readonly id: string; readonly payload: unknown; readonly attempt: number }
  /** When to ask again, milliseconds; `undefined`: nothing waits. */
  | { readonly kind: 'none'; readonly again: number | undefined };

/** How an attempt has ended. */
export type Ending = { readonly how: 'done' | 'back' } | { readonly how: 'failed'; readonly reason: string };

/** What hosts say to Redis about the items of queues. Every call rejects as Redis or the way to it does. */
export class Line {
  constructor(private readonly parts: LineParts) {}

  /** @returns what there is, how many items were given up because their workers were lost, and how many have failed in all */
  async take(
    queue: string,
    owner: string,
  ): Promise<{ readonly taken: Taken; readonly lost: number; readonly failed: number }> {
    const { connection, keyspace, claimAfter, retries } = this.parts;
    const client = await connection.ready();
    const args = [part(queue), owner, claimAfter, retries.attempts, 'its worker gave no sign of life'];
    const answer = (await takeScript.run(client, keyspace, ...args)) as readonly (Buffer | number)[];
    if (String(answer[0]) === 'none') {
      const [, again = -1, lost, failed] = answer.map(Number);
      const taken = { kind: 'none', again: again < 0 ? undefined : again } as const;
      return { taken, lost: Number(lost), failed: Number(failed) };
    }
    const [, id, payload, attempt, lost, failed] = answer.map(String);
    const taken = { id: fromStored(id ?? ''), payload: frozenJson(payload ?? 'null'), attempt: Number(attempt) };
    return { taken: { kind: 'item', ...taken }, lost: Number(lost), failed: Number(failed) };
  }

  /** @returns those that another has */
  async keep(held: readonly Held[]): Promise<readonly Held[]> {
    const { connection, keyspace, claimAfter } = this.parts;
    const args = held.flatMap(({ queue, id, owner }) => [part(queue), toStored(id), owner]);
    const answer = await keepScript.run(await connection.ready(), keyspace, claimAfter, ...args);
    return held.filter((_, at) => (answer as readonly number[])[at] === 0);
  }

  /** @returns `for good`: it is not tried again; `lost`: another has it */
  async end({ queue, id, owner }: Held, ending: Ending): Promise<'noted' | 'for good' | 'lost'> {
    const { connection, keyspace, retries } = this.parts;
    const { attempts, firstDelay, maxDelay } = retries;
    const more = ending.how === 'failed' ? [ending.reason, attempts, firstDelay, maxDelay] : [];
    const client = await connection.ready();
    const answer = await endScript.run(client, keyspace, part(queue), toStored(id), owner, ending.how, ...more);
    if (answer === 2) return 'for good';
    return answer === 1 ? 'noted' : 'lost';
  }

  async failed(queue: string, limit: number, after: string | undefined): Promise<readonly FailedItem[]> {
    const { connection, keyspace } = this.parts;
    const from = after === undefined ? '-' : `(${toStored(after)}`;
    const answer = await failedScript.run(await connection.ready(), keyspace, part(queue), from, limit);
    const texts = (answer as readonly Buffer[]).map(String);
    return texts.flatMap((id, at) => {
      if (at % 5 !== 0) return [];
      const [payload = 'null', attempts, reason = '', given] = texts.slice(at + 1, at + 5);
      const known = { id: fromStored(id), payload: frozenJson(payload), attempts: Number(attempts) };
      return [{ ...known, reason, at: Number(given) }];
    });
  }
}
