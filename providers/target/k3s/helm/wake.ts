import type { Cluster } from '../cluster.js';
import { type Following, follow } from '../follow.js';

/**
 * Looks whenever one of some lists has changed, until there is something to see.
 *
 * @param look is asked at the beginning as well
 * @throws what `look` throws; the signal's reason
 */
export async function untilSeen<T>(
  cluster: Cluster,
  lists: readonly Omit<Following, 'signal'>[],
  signal: AbortSignal,
  look: (signal: AbortSignal) => Promise<T | undefined>,
): Promise<T> {
  const over = new AbortController();
  const during = AbortSignal.any([signal, over.signal]);
  let changed = true;
  let wake = (): void => undefined;
  const loops = lists.map(async (list) => {
    for await (const _change of follow(cluster, { ...list, signal: during })) {
      changed = true;
      wake();
    }
  });
  const abort = (): void => wake();
  signal.addEventListener('abort', abort, { once: true });
  // A watch that ends ends the wait: nobody would tell of changes any more.
  const watching = Promise.all(loops).then(() => undefined as never);
  watching.catch(() => wake());
  try {
    for (;;) {
      signal.throwIfAborted();
      if (changed) {
        changed = false;
        const seen = await look(during);
        if (seen !== undefined) return seen;
        continue;
      }
      await Promise.race([
        new Promise<void>((resolve) => {
          wake = resolve;
        }),
        watching,
      ]);
    }
  } finally {
    signal.removeEventListener('abort', abort);
    over.abort();
    await Promise.allSettled(loops);
  }
}
