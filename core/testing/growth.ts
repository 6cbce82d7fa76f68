import { setImmediate } from 'node:timers/promises';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import type { Trial } from './trial.js';

/** Mebibytes that memory may grow by while the same is done again and again. */
const slack = 16;

/**
 * Does the same many times, and checks that memory does not grow with it: what a first half of the calls needed, a second
 * half needs no more of.
 */
export async function keepsItsSize(
  trial: Trial<unknown>,
  calls: number,
  work: (n: number) => Promise<void>,
): Promise<void> {
  const collect = garbageCollector();
  const half = Math.ceil(calls / 2);
  for (let n = 0; n < half; n++) await work(n);
  const before = await used(collect);
  for (let n = half; n < calls; n++) await work(n);
  const grown = (await used(collect)) - before;
  trial.measured(`${grown.toFixed(1)} MiB more after ${calls - half} calls; at most ${slack}`);
  trial.holds('how much memory has grown by', grown <= slack, `at most ${slack} MiB`, `${grown.toFixed(1)} MiB`);
}

/**
 * Compares what two calls cost at least, of many that are made in turns: whatever else a machine does only ever adds to a
 * call, so that the quickest one says most about the call itself.
 *
 * @returns how many times the least of `one` that of `other` is
 */
export async function timesSlower(
  one: () => Promise<unknown>,
  other: () => Promise<unknown>,
  rounds = 41,
): Promise<number> {
  let [first, second] = [Number.POSITIVE_INFINITY, Number.POSITIVE_INFINITY];
  for (let round = 0; round < rounds; round++) {
    first = Math.min(first, await timed(one));
    second = Math.min(second, await timed(other));
  }
  return first / second;
}

async function timed(work: () => Promise<unknown>): Promise<number> {
  const began = performance.now();
  await work();
  return performance.now() - began;
}

/** Mebibytes in use. What was let go of may need several turns of the event loop to become garbage. */
async function used(collect: () => void): Promise<number> {
  let least = Number.POSITIVE_INFINITY;
  for (let turn = 0; turn < 10; turn++) {
    await setImmediate();
    collect();
    least = Math.min(least, process.memoryUsage().heapUsed / 2 ** 20);
  }
  return least;
}

/** Node has it, and hides it unless it is asked. */
export function garbageCollector(): () => void {
  setFlagsFromString('--expose-gc');
  return runInNewContext('gc') as () => void;
}
