import { isItemId, QueueFault, type WorkQueue } from '../ports/index.js';
import { jsonText } from '../state/index.js';

/** @throws TypeError */
export function checkQueueName({ name }: WorkQueue<unknown>): string {
  if (typeof name === 'string' && isItemId(name)) return name;
  throw new TypeError(`the name of a work queue must be ${form}: ${JSON.stringify(name)}`);
}

/**
 * @returns the payload as JSON
 * @throws TypeError
 */
export function checkItem(queue: WorkQueue<unknown>, id: string, payload: unknown): string {
  const name = checkQueueName(queue);
  if (typeof id !== 'string' || !isItemId(id)) {
    throw new TypeError(`the id of an item of ${name} must be ${form}: ${JSON.stringify(id)}`);
  }
  return jsonText(payload, `the payload of ${id} in ${name}`);
}

/** @throws RangeError */
export function checkParallel(parallel: number): number {
  if (Number.isSafeInteger(parallel) && parallel > 0) return parallel;
  throw new RangeError(`parallel must be a positive integer, not ${parallel}`);
}

/**
 * @returns how many items
 * @throws RangeError
 */
export function checkFailedPage({ limit = 100 }: { readonly limit?: number } = {}): number {
  if (Number.isSafeInteger(limit) && limit >= 1 && limit <= 1000) return limit;
  throw new RangeError(`limit must be an integer from 1 to 1000, not ${limit}`);
}

export function queueClosed(): QueueFault {
  return new QueueFault('closed', 'a work queue can be used between start and stop alone');
}

const form = 'well-formed text of 1 to 512 units without U+0000';
