import { StateFault, type StateProvider } from '../../core/ports/index.js';
import type { MemoryState } from '../../providers/state/memory/index.js';

export interface Failover {
  readonly state: StateProvider;
  /** Called after each page that is read. */
  whenListed(act: () => Promise<void>): void;
  /** The other takes its place; whoever watches is told that changes were missed. */
  to(next: MemoryState): void;
}

/** A store that another can take the place of, as after a failover that lost commits. */
export function failover(first: MemoryState): Failover {
  let current = first;
  let broken = new AbortController();
  let listed = async (): Promise<void> => undefined;
  const state: StateProvider = {
    durable: false,
    get: (...of) => current.get(...of),
    count: (...of) => current.count(...of),
    commit: (...of) => current.commit(...of),
    async list(...of) {
      const page = await current.list(...of);
      await listed();
      return page;
    },
    watch(on, signal) {
      const { signal: over } = broken;
      return untilBroken(current.watch(on, AbortSignal.any([signal, over])), () => over.aborted && !signal.aborted);
    },
  };
  return {
    state,
    whenListed(act: () => Promise<void>): void {
      listed = act;
    },
    to(next: MemoryState): void {
      current = next;
      const over = broken;
      broken = new AbortController();
      over.abort();
    },
  };
}

async function* untilBroken<T>(changes: AsyncIterable<T>, isBroken: () => boolean): AsyncGenerator<T> {
  yield* changes;
  if (isBroken()) throw new StateFault('history', 'changes were missed');
}
