import { expect, it } from 'vitest';
import type { StateProvider } from '../ports/state.js';
import { manualClock } from '../testing/clock.js';
import { SharedByBindings } from './shared.js';

it('keeps the replies of one state in one place, and those of another in another', () => {
  const shared = new SharedByBindings(manualClock());
  const [one, two] = [{} as StateProvider, {} as StateProvider];
  expect(shared.repliesIn(one)).toBe(shared.repliesIn(one));
  expect(shared.repliesIn(two)).not.toBe(shared.repliesIn(one));
});

it('goes on counting callers when limits are set again, and begins anew with other ones', () => {
  const shared = new SharedByBindings(manualClock(), { perSecond: 1, burst: 1 });
  shared.limiter?.admit('a');
  shared.limit({ perSecond: 1, burst: 1 });
  expect(() => shared.limiter?.admit('a')).toThrow('too many calls');
  shared.limit({ perSecond: 1, burst: 2 });
  shared.limiter?.admit('a');
  shared.limit(undefined);
  expect(shared.limiter).toBeUndefined();
});
