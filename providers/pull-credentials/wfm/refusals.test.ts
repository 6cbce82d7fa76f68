import { describe, expect, it } from 'vitest';
import type { Held } from './held.js';
import { Refusals } from './refusals.js';

const minute = 60_000;
const handedOver = (at: number, life = Number.POSITIVE_INFINITY): Held => ({
  at,
  credentials: [
    {
      registry: 'registry.test',
      username: 'press-7',
      password: 'secret',
      ...(life < 1e12 && { expiresAt: at + life }),
    },
  ],
});

/** Minutes that these are kept for. */
function waitFor(refusals: Refusals, held: Held, registry = 'registry.test'): number {
  return (refusals.note(registry, 'press-7', held) - held.at) / minute;
}

describe('how long credentials are kept though they are refused', () => {
  it('doubles with each handover that is refused too, however often, up to a day', () => {
    const refusals = new Refusals();
    const waits = Array.from({ length: 10 }, (_, n) => {
      const held = handedOver(n);
      for (let time = 0; time < 3; time++) waitFor(refusals, held);
      const wait = waitFor(refusals, held);
      refusals.replaced(held);
      return wait;
    });
    expect(waits).toEqual([10, 20, 40, 80, 160, 320, 640, 1280, 1440, 1440]);
  });

  it('is never longer than half of their life, and never shorter than ten minutes', () => {
    for (const [life, longest] of [
      [120, 60],
      [10, 10],
    ] as const) {
      const refusals = new Refusals();
      let wait = 0;
      for (let n = 0; n < 8; n++) wait = waitFor(refusals, handedOver(n, life * minute));
      expect(wait).toBe(longest);
    }
  });

  it('begins anew after a handover that was taken', () => {
    const refusals = new Refusals();
    const [first, second, taken, fourth] = [1, 2, 3, 4].map((at) => handedOver(at)) as [Held, Held, Held, Held];
    waitFor(refusals, first);
    refusals.replaced(first);
    expect(waitFor(refusals, second)).toBe(20);
    refusals.replaced(second);
    refusals.replaced(taken);
    expect(waitFor(refusals, fourth)).toBe(10);
  });

  it('is counted for each account', () => {
    const refusals = new Refusals();
    waitFor(refusals, handedOver(1));
    expect(waitFor(refusals, handedOver(2))).toBe(20);
    expect(waitFor(refusals, handedOver(2), 'other.test')).toBe(10);
  });
});
