import { beforeEach, describe, expect, it } from 'vitest';
import { Pacing } from './pacing.js';

const minute = 60_000;

describe('Pacing', () => {
  let now: number;
  let pacing: Pacing;
  beforeEach(() => {
    now = 1_000_000;
    pacing = new Pacing(() => now, { retryFirst: 1_000, retryCap: 300_000 });
  });

  it('lets everything begin at once', () => {
    expect(pacing.wait('a', 'main', false)).toBe(0);
    expect(pacing.wait('a', 'main', true)).toBe(0);
    expect(pacing.retryAt('a')).toBeUndefined();
  });

  it('makes what failed wait its turn, however often it is asked, and others not', () => {
    const wait = pacing.failed('a', 'main', true);
    expect(wait).toBeGreaterThanOrEqual(500);
    expect(wait).toBeLessThanOrEqual(1_000);
    expect(pacing.retryAt('a')).toBe(now + wait);
    now += 100;
    expect(pacing.wait('a', 'main', false)).toBe(wait - 100);
    expect(pacing.wait('a', 'main', true)).toBe(wait - 100);
    expect([pacing.wait('a', 'side', false), pacing.wait('b', 'main', false)]).toEqual([0, 0]);
    now += wait;
    expect(pacing.wait('a', 'main', true)).toBe(0);
  });

  it('waits twice as long after each failure, up to the cap', () => {
    const waits = Array.from({ length: 12 }, () => pacing.failed('a', 'main', true));
    for (const [index, wait] of waits.entries()) {
      const most = Math.min(300_000, 1_000 * 2 ** index);
      expect(wait).toBeLessThanOrEqual(most);
      expect(wait).toBeGreaterThanOrEqual(most / 2);
    }
  });

  it('never tries again what cannot succeed, until something else is desired', () => {
    expect(pacing.failed('a', 'main', false)).toBe(Number.POSITIVE_INFINITY);
    now += 1_000 * minute;
    expect(pacing.wait('a', 'main', false)).toBe(Number.POSITIVE_INFINITY);
    expect(pacing.retryAt('a')).toBeUndefined();
    pacing.forget('a');
    expect(pacing.wait('a', 'main', false)).toBe(0);
  });

  it('slows down what breaks again and again soon after it ran', () => {
    const waits = [1, 2, 3, 4].map(() => {
      pacing.ran('a', 'main');
      now += 2_000;
      const wait = pacing.wait('a', 'main', true);
      now += wait;
      expect(pacing.wait('a', 'main', true)).toBe(0);
      return wait;
    });
    expect(waits[3]).toBeGreaterThanOrEqual(4_000);
    // A change that somebody asked for is no breakage.
    pacing.ran('a', 'main');
    expect(pacing.wait('a', 'main', false)).toBe(0);
  });

  it('takes a breakage after a long run for the first one', () => {
    for (let round = 0; round < 5; round += 1) pacing.failed('a', 'main', true);
    now += 10 * minute;
    pacing.ran('a', 'main');
    now += minute;
    expect(pacing.wait('a', 'main', true)).toBe(0);
    expect(pacing.failed('a', 'main', true)).toBeLessThanOrEqual(1_000);
  });
});
