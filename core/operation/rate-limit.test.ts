import { expect, it } from 'vitest';
import { manualClock } from '../testing/clock.js';
import { RateLimiter } from './rate-limit.js';

const refused = (limiter: RateLimiter, caller: string): number | undefined => {
  try {
    limiter.admit(caller);
    return undefined;
  } catch (error) {
    return (error as { retryAfterSeconds?: number }).retryAfterSeconds;
  }
};

it('lets a caller make a burst of calls, then as many a second as it may, whatever others do', async () => {
  const clock = manualClock();
  const limiter = new RateLimiter({ perSecond: 2, burst: 3 }, clock);
  const calls = (): (number | undefined)[] => [0, 1, 2, 3].map(() => refused(limiter, 'a'));
  expect(calls()).toEqual([undefined, undefined, undefined, 1]);
  expect(refused(limiter, 'b')).toBeUndefined();
  await clock.advance(1000);
  expect(calls()).toEqual([undefined, undefined, 1, 1]);
  await clock.advance(60_000);
  expect(calls()).toEqual([undefined, undefined, undefined, 1]);
});
