import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { epochAfter, epochSize, mayAdvance, nextVersion, noteForeign } from './version.js';

describe('nextVersion', () => {
  it('counts up, and jumps to the start of an epoch', () => {
    expect(nextVersion(0, 0)).toBe(1);
    expect(nextVersion(7, 0)).toBe(8);
    expect(nextVersion(7, 1)).toBe(1_048_577);
    expect(nextVersion(1_048_577, 1)).toBe(1_048_578);
  });

  it('refuses what JSON numbers do not keep exactly', () => {
    expect(() => nextVersion(Number.MAX_SAFE_INTEGER, 0)).toThrow(RangeError);
    expect(nextVersion(Number.MAX_SAFE_INTEGER - 1, 0)).toBe(Number.MAX_SAFE_INTEGER);
  });
});

it('the next epoch passes everything of this one, and every version that a lost part of it can have had', () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 2 ** 40 }),
      fc.nat(100),
      fc.integer({ min: 0, max: epochSize - 1 }),
      (version, epoch, lost) => {
        const restored = Math.max(version, epoch * epochSize + 1);
        const next = nextVersion(restored, epochAfter(restored, epoch));
        expect(next).toBeGreaterThan(restored);
        // Changes that were lost and stayed in the epoch of the backup.
        const held = Math.min(restored + lost, epochAfter(restored, epoch) * epochSize);
        expect(next).toBeGreaterThan(held);
      },
    ),
  );
});

describe('mayAdvance', () => {
  const minute = 60_000;

  it('lets a client advance once a minute, whatever it shows', () => {
    const last = noteForeign(undefined, 'a', 0);
    expect(mayAdvance(undefined, 'a', 0)).toBe(true);
    expect(mayAdvance(last, 'b', minute - 1)).toBe(false);
    expect(mayAdvance(last, 'b', minute)).toBe(true);
  });

  it('waits longer each time for a client that keeps showing the same', () => {
    let last = noteForeign(undefined, 'a', 0);
    const waits: number[] = [];
    for (let now = 0; waits.length < 9; now += minute) {
      if (!mayAdvance(last, 'a', now)) continue;
      waits.push((now - last.at) / minute);
      last = noteForeign(last, 'a', now);
    }
    expect(waits).toEqual([1, 2, 4, 8, 16, 32, 60, 60, 60]);
  });
});
