import { getEventListeners } from 'node:events';
import { describe, expect, it } from 'vitest';
import { Latch } from '../testing/latch.js';
import { Semaphore } from './semaphore.js';

const reason = new Error('enough');

it('lets so many go on at the same time, and the others in the order they came', async () => {
  const semaphore = new Semaphore(2);
  const begun: string[] = [];
  const ends = new Map(['a', 'b', 'c', 'd'].map((name) => [name, new Latch()]));
  const runs = [...ends].map(([name, end]) =>
    semaphore.run(() => {
      begun.push(name);
      return end.opened;
    }),
  );
  // Asked for last, so it begins after all that begins now.
  const last = semaphore.run(async () => void begun.push('last'));
  ends.get('b')?.open();
  await runs[1];
  ends.get('c')?.open();
  await runs[2];
  expect(begun.slice(0, 3)).toEqual(['a', 'b', 'c']);
  for (const end of ends.values()) end.open();
  await last;
  expect(begun).toEqual(['a', 'b', 'c', 'd', 'last']);
});

it('gives back what the work gives, and goes on after one that failed', async () => {
  const semaphore = new Semaphore(1);
  await expect(semaphore.run(async () => Promise.reject(reason))).rejects.toBe(reason);
  await expect(semaphore.run(async () => 'done')).resolves.toBe('done');
});

describe('work that is aborted', () => {
  it('ends at once while it waits, never begins, and holds up nobody', async () => {
    const semaphore = new Semaphore(1);
    const end = new Latch();
    const abort = new AbortController();
    const begun: string[] = [];
    const first = semaphore.run(() => end.opened);
    const given = semaphore.run(async () => void begun.push('given up'), abort.signal);
    const next = semaphore.run(async () => void begun.push('next'));
    abort.abort(reason);
    // The first one goes on all the while.
    await expect(given).rejects.toBe(reason);
    end.open();
    await Promise.all([first, next]);
    expect(begun).toEqual(['next']);
  });

  it('never begins where that was known before', async () => {
    let begun = false;
    const work = async (): Promise<void> => {
      begun = true;
    };
    await expect(new Semaphore(1).run(work, AbortSignal.abort(reason))).rejects.toBe(reason);
    expect(begun).toBe(false);
  });

  it('ends as it says itself once it has begun, and others wait for that', async () => {
    const semaphore = new Semaphore(1);
    const [begins, end] = [new Latch(), new Latch()];
    const abort = new AbortController();
    const seen: string[] = [];
    const work = semaphore.run(async () => {
      begins.open();
      await end.opened;
      seen.push('ended');
    }, abort.signal);
    const next = semaphore.run(async () => void seen.push('next'));
    await begins.opened;
    abort.abort(reason);
    end.open();
    await Promise.all([work, next]);
    expect(seen).toEqual(['ended', 'next']);
  });
});

it('leaves nothing with the signal of work that has begun', async () => {
  const { signal } = new AbortController();
  await new Semaphore(1).run(async () => expect(getEventListeners(signal, 'abort')).toEqual([]), signal);
  expect(getEventListeners(signal, 'abort')).toEqual([]);
});
