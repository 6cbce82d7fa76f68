import { type ApplyCall, type Clock, TargetFault } from '../../../core/plugin/index.js';
import type { ComponentState } from './component-status.js';
import type { Listener } from './feed.js';

interface Waiting {
  readonly name: string;
  readonly clock: Clock;
  /** Milliseconds that pods without a readiness probe must have run. */
  readonly settle: number;
  readonly listener: Listener;
  /** The component as it is now. */
  readonly look: () => Promise<ComponentState>;
  readonly call: ApplyCall;
}

/**
 * Resolves when the component runs. What its controllers go on trying is waited for: a container that ends because another
 * one is not there yet comes up later.
 *
 * @throws TargetFault `start` when nobody tries any more; the signal's reason on an abort
 */
export async function untilRuns({ name, clock, settle, listener, look, call }: Waiting): Promise<void> {
  const { signal } = call;
  let calm = false;
  for (;;) {
    const state = await look();
    if (state.phase === 'running') {
      if (calm || state.probed) return;
      const over = new AbortController();
      const during = AbortSignal.any([signal, over.signal]);
      const settled = clock.delay(settle, during).then(() => true);
      const changed = listener.next(during).then(() => false);
      calm = await Promise.race([settled, changed]);
      over.abort();
      await Promise.allSettled([settled, changed]);
      continue;
    }
    calm = false;
    if (state.final) throw new TargetFault('start', `${name}: ${state.reason ?? 'it failed'}`, true);
    if (state.reason !== undefined) call.progress(state.reason);
    await listener.next(signal);
  }
}
