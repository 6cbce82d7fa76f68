import { AsyncLocalStorage } from 'node:async_hooks';
import { randomUUID } from 'node:crypto';

const current = new AsyncLocalStorage<string>();

/**
 * The id that ties a request, the events it causes and their log lines together; `undefined` outside of any.
 *
 * @stable since 0.1.0
 */
export function correlationId(): string | undefined {
  return current.getStore();
}

/**
 * Runs `work` under a correlation id: the given one, or a new one.
 *
 * @stable since 0.1.0
 */
export function correlated<T>(id: string | undefined, work: (id: string) => T): T {
  const used = id ?? randomUUID();
  return current.run(used, () => work(used));
}
