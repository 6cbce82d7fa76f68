import { type ApplyCall, TargetFault } from '../../../../core/plugin/index.js';
import { componentState, workloadsOf } from '../component-status.js';
import type { DriverContext, Release } from '../driver.js';
import { explanation } from '../explanation.js';
import { workloadsIn } from '../workloads.js';

/** Milliseconds between two looks. */
const interval = 1_000;

/**
 * Looks at a release's workloads for as long as a helm waits for them, and remembers what was wrong with them: afterwards
 * helm has gone back, and nothing of it is left. What failed says more than what was only not ready at the end.
 *
 * @param unfinished the release while helm waits for it; nothing before, and once it goes back
 * @param call of whoever waits, who is told too; nobody looks without it
 */
export function lastTrouble(
  on: Pick<DriverContext, 'cluster' | 'clock'>,
  unfinished: () => Promise<Release | undefined>,
  call: ApplyCall | undefined,
): { stop(): Promise<string | undefined> } {
  if (call === undefined) return { stop: () => Promise.resolve(undefined) };
  const over = new AbortController();
  const signal = AbortSignal.any([call.signal, over.signal]);
  const last: { failed?: string; other?: string } = {};
  const looking = (async () => {
    for (;;) {
      await on.clock.delay(interval, signal);
      const seen = await look(on, unfinished, signal);
      if (seen === undefined) continue;
      if (seen.reason !== last.failed && seen.reason !== last.other) call.progress(seen.reason);
      last[seen.failed ? 'failed' : 'other'] = seen.reason;
    }
  })();
  // Kept for whoever stops it: until then nobody would handle it.
  const ended = looking.catch((error: unknown) => (signal.aborted ? undefined : { error }));
  return {
    stop: async () => {
      over.abort();
      const broken = await ended;
      if (broken !== undefined) throw broken.error;
      return last.failed ?? last.other;
    },
  };
}

async function look(
  { cluster }: Pick<DriverContext, 'cluster'>,
  unfinished: () => Promise<Release | undefined>,
  signal: AbortSignal,
): Promise<{ readonly reason: string; readonly failed: boolean } | undefined> {
  try {
    const release = await unfinished();
    if (release === undefined) return undefined;
    const workloads = workloadsOf(release, await workloadsIn(cluster, release.namespace, signal));
    // Only what the workloads say: that helm has not finished is known.
    const state = componentState({ ...release, state: 'deployed' }, workloads);
    const reason = workloads.length === 0 ? undefined : await explanation(cluster, state, signal);
    // What was seen may be of what helm went back to in between.
    if (reason === undefined || (await unfinished()) === undefined) return undefined;
    return { reason, failed: state.phase === 'failed' };
  } catch (error) {
    signal.throwIfAborted();
    // A look that fails tells nothing; helm, which asks the same cluster, will say it.
    if (error instanceof TargetFault) return undefined;
    throw error;
  }
}
