import { setMaxListeners } from 'node:events';
import { type ApplyCall, TargetFault } from '../../../../core/plugin/index.js';
import { componentState, workloadsOf } from '../component-status.js';
import type { DriverContext, Release } from '../driver.js';
import { explanation } from '../explanation.js';
import { workloadsIn } from '../workloads.js';

/** Milliseconds between two looks. */
const interval = 1_000;

/**
 * Looks at a release's workloads for as long as a helm waits for them, and remembers what was last wrong: afterwards helm
 * has gone back, and nothing of it is left.
 *
 * @param call of whoever waits, who is told too; nobody looks without it
 */
export function lastTrouble(
  on: Pick<DriverContext, 'cluster' | 'clock'>,
  release: () => Promise<Release>,
  call: ApplyCall | undefined,
): { stop(): Promise<string | undefined> } {
  if (call === undefined) return { stop: () => Promise.resolve(undefined) };
  const over = new AbortController();
  const signal = AbortSignal.any([call.signal, over.signal]);
  // One look asks many things at once: that is no leak, and nothing to warn of.
  setMaxListeners(0, signal);
  let last: string | undefined;
  const looking = (async () => {
    for (;;) {
      await on.clock.delay(interval, signal);
      const reason = await look(on, release, signal);
      if (reason !== undefined && reason !== last) call.progress(reason);
      last = reason ?? last;
    }
  })();
  const ended = looking.catch((error: unknown) => {
    if (!signal.aborted) throw error;
  });
  return {
    stop: async () => {
      over.abort();
      await ended;
      return last;
    },
  };
}

async function look(
  { cluster }: Pick<DriverContext, 'cluster'>,
  release: () => Promise<Release>,
  signal: AbortSignal,
): Promise<string | undefined> {
  try {
    const found = await release();
    const workloads = workloadsOf(found, await workloadsIn(cluster, found.namespace, signal));
    if (workloads.length === 0) return undefined;
    // Only what the workloads say: that helm has not finished is known.
    return await explanation(cluster, componentState({ ...found, state: 'deployed' }, workloads), signal);
  } catch (error) {
    signal.throwIfAborted();
    // A look that fails tells nothing; helm, which asks the same cluster, will say it.
    if (error instanceof TargetFault) return undefined;
    throw error;
  }
}
