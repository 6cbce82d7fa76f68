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
 * Compares what two calls cost, taken in turns so that a busy machine slows both down alike.
 *
 * @returns how many times the median of `one` that of `other` is
 */
export async function timesSlower(
  one: () => Promise<unknown>,
  other: () => Promise<unknown>,
  rounds = 41,
): Promise<number> {
  const [first, second]: [number[], number[]] = [[], []];
  for (let round = 0; round < rounds; round++) {
    first.push(await timed(one));
    second.push(await timed(other));
  }
  return median(first) / median(second);
}

async function timed(work: () => Promise<unknown>): Promise<number> {
  const began = performance.now();
  await work();
  return performance.now() - began;
}

const median = (numbers: readonly number[]): number =>
  numbers.toSorted((a, b) => a - b)[Math.floor(numbers.length / 2)] ?? Number.NaN;

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
