import { createHook } from 'node:async_hooks';
import { performance } from 'node:perf_hooks';
import process from 'node:process';
import { setImmediate } from 'node:timers/promises';

/** Of no consequence: they end within a turn of the event loop, or belong to the terminal. */
const passing = new Set(['Immediate', 'TTYWrap', 'FSReqPromise', 'FSReqCallback', 'CloseReq', 'TickObject']);
/** Milliseconds that closed sockets have to be gone from the system. */
const patience = 2_000;

/** Looks out for what keeps the process alive: listeners, connections, and timers begun since it was made. */
export class LeftoverWatch {
  readonly #before = counts();
  /** By themselves and not by their number: others of this process end at any time. */
  readonly #timers = new Map<number, NodeJS.Timeout>();
  readonly #hook = createHook({
    init: (id, type, _trigger, resource) => {
      if (type === 'Timeout') this.#timers.set(id, resource as NodeJS.Timeout);
    },
    destroy: (id) => this.#timers.delete(id),
  }).enable();

  /**
   * Ends the watch.
   *
   * @returns what is there now and was not before, a line for each kind. What is about to end is waited for, by turns of
   *   the event loop, as a timer would itself be left
   */
  async left(): Promise<string[]> {
    const until = performance.now() + patience;
    for (;;) {
      const left = this.#left();
      if (left.length === 0 || performance.now() > until) {
        this.#hook.disable();
        return left;
      }
      await setImmediate();
    }
  }

  #left(): string[] {
    const more = [...counts()].map(([kind, count]) => [kind, count - (this.#before.get(kind) ?? 0)] as const);
    const timers = [...this.#timers.values()].filter((timer) => timer.hasRef()).length;
    return [...more, ['Timeout', timers] as const]
      .filter(([, count]) => count > 0)
      .map(([kind, count]) => `${count} ${kind}`);
  }
}

function counts(): ReadonlyMap<string, number> {
  const found = new Map<string, number>();
  for (const kind of process.getActiveResourcesInfo()) {
    if (kind !== 'Timeout' && !passing.has(kind)) found.set(kind, (found.get(kind) ?? 0) + 1);
  }
  return found;
}
