import { expect, onTestFinished, test } from 'vitest';
import { manualClock } from '../../../core/testing/index.js';
import { Renewal } from './renewal.js';

const duration = 15_000;

function renewing(renew: () => Promise<boolean>) {
  const clock = manualClock();
  const began = clock.now();
  const asked: number[] = [];
  const lost: { readonly at: number; readonly reason: string }[] = [];
  const renewal = new Renewal({
    clock,
    duration,
    since: began,
    renew: () => {
      asked.push(clock.now() - began);
      return renew();
    },
    lose: (reason) => lost.push({ at: clock.now() - began, reason }),
  });
  onTestFinished(() => renewal.end());
  return { clock, asked, lost, renewal };
}

test('a lease is renewed at each third of its time, for as long as it is held', async () => {
  const { clock, asked, lost, renewal } = renewing(async () => true);
  await clock.advance(20_000);
  expect(asked).toEqual([5_000, 10_000, 15_000, 20_000]);
  await renewal.end();
  await clock.advance(60_000);
  expect([asked.length, lost, clock.waiting]).toEqual([4, [], 0]);
});

test('a renewal that fails is tried again, and the lease is kept by one that succeeds in time', async () => {
  let broken = true;
  const { clock, asked, lost } = renewing(async () => {
    if (broken) throw new Error('away');
    return true;
  });
  // Attempts are at most a tenth of its time apart.
  await clock.advance(12_000);
  expect(asked.length).toBeGreaterThan(2);
  broken = false;
  await clock.advance(20_000);
  expect(lost).toEqual([]);
});

test.for([
  ['rejects', () => Promise.reject(new Error('away'))],
  ['never answers', () => new Promise<boolean>(() => undefined)],
] as const)('where Redis %s, the holder is told when the time is over, and not later', async ([, renew]) => {
  const { clock, lost } = renewing(renew);
  await clock.advance(duration - 1);
  expect(lost).toEqual([]);
  await clock.advance(1);
  expect(lost).toEqual([{ at: duration, reason: 'it could not be renewed within 15 s' }]);
});

test('the holder is told at once that somebody else has had the lease', async () => {
  const { clock, lost } = renewing(async () => false);
  await clock.advance(5_000);
  expect(lost).toEqual([{ at: 5_000, reason: 'somebody else has had it' }]);
});
