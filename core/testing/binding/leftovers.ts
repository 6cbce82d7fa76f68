import { performance } from 'node:perf_hooks';
import process from 'node:process';
import { setImmediate } from 'node:timers/promises';

/** What keeps this process alive, by kind: listeners, connections, timers. */
export type Resources = ReadonlyMap<string, number>;

/** Of no consequence: they end within a turn of the event loop, or belong to the terminal. */
const passing = new Set(['Immediate', 'TTYWrap', 'FSReqPromise', 'FSReqCallback', 'CloseReq', 'TickObject']);
/** Milliseconds that closed sockets have to be gone from the system. */
const patience = 2_000;

export function resources(): Resources {
  const counts = new Map<string, number>();
  for (const kind of process.getActiveResourcesInfo()) {
    if (!passing.has(kind)) counts.set(kind, (counts.get(kind) ?? 0) + 1);
  }
  return counts;
}

/**
 * What is there now, and was not before: a line for each kind. What is about to end is waited for, by turns of the event
 * loop, as a timer would itself be a resource.
 */
export async function leftSince(before: Resources): Promise<string[]> {
  const until = performance.now() + patience;
  for (;;) {
    const more = [...resources()].filter(([kind, count]) => count > (before.get(kind) ?? 0));
    if (more.length === 0) return [];
    if (performance.now() > until) return more.map(([kind, count]) => `${count - (before.get(kind) ?? 0)} ${kind}`);
    await setImmediate();
  }
}
