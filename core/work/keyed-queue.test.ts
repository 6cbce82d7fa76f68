import { afterEach, describe, expect, it } from 'vitest';
import { manualClock } from '../testing/clock.js';
import { backoff } from './backoff.js';
import { KeyedQueue, type WorkResult } from './keyed-queue.js';

/** Work that goes on until the test ends it. */
class Bench {
  readonly begun: string[] = [];
  readonly clock = manualClock();
  readonly #ends = new Map<string, (result: WorkResult) => void>();
  readonly queue: KeyedQueue;

  constructor(parallel: number) {
    this.queue = new KeyedQueue({
      clock: this.clock,
      parallel,
      work: (key, signal) =>
        new Promise((resolve) => {
          this.begun.push(key);
          this.#ends.set(key, resolve);
          signal.addEventListener('abort', () => resolve(undefined), { once: true });
        }),
    });
  }

  async end(key: string, result?: WorkResult): Promise<void> {
    this.#ends.get(key)?.(result);
    await this.clock.advance(0);
  }
}

describe('KeyedQueue', () => {
  let bench = new Bench(2);
  afterEach(async () => {
    await bench.queue.stop();
    bench = new Bench(2);
  });

  it('works on as many keys at the same time as it may, and on no key twice', () => {
    for (const key of ['a', 'b', 'c', 'a', 'c']) bench.queue.add(key);
    expect(bench.begun).toEqual(['a', 'b']);
  });

  it('goes on with what waits, once for each key', async () => {
    for (const key of ['a', 'b', 'c', 'c', 'd']) bench.queue.add(key);
    await bench.end('a');
    await bench.end('b');
    expect(bench.begun).toEqual(['a', 'b', 'c', 'd']);
  });

  it('works again, once, on what was added while it was worked on', async () => {
    bench.queue.add('a');
    bench.queue.add('a');
    bench.queue.add('a');
    await bench.end('a');
    expect(bench.begun).toEqual(['a', 'a']);
    await bench.end('a');
    expect(bench.begun).toEqual(['a', 'a']);
  });

  it('works again after the time that the work asked for, or at once when it is added before', async () => {
    bench.queue.add('a');
    await bench.end('a', { again: 1000 });
    await bench.clock.advance(999);
    expect(bench.begun).toEqual(['a']);
    await bench.clock.advance(1);
    expect(bench.begun).toEqual(['a', 'a']);
    await bench.end('a', { again: 1000 });
    bench.queue.add('a');
    expect(bench.begun).toEqual(['a', 'a', 'a']);
    await bench.end('a');
    await bench.clock.advance(5000);
    expect(bench.begun).toEqual(['a', 'a', 'a']);
  });

  it('stops what is under way, and takes nothing more', async () => {
    bench.queue.add('a');
    await bench.queue.stop();
    bench.queue.add('b');
    expect(bench.begun).toEqual(['a']);
  });
});

describe('backoff', () => {
  it('doubles up to the cap, between a half and the whole of it', () => {
    expect([1, 2, 3, 4, 50].map((attempt) => backoff(attempt, 1000, 5000, 1))).toEqual([1000, 2000, 4000, 5000, 5000]);
    expect(backoff(3, 1000, 5000, 0)).toBe(2000);
  });
});
