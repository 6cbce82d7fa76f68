import fc from 'fast-check';
import { expect, it } from 'vitest';
import { readDuration, writeDuration } from './duration.js';
import { quantityBytes } from './quantity.js';

it.each([
  ['1Ki', 1024n],
  ['1024Mi', 1024n ** 3n],
  ['59 Gi', 59n * 1024n ** 3n],
  ['1.5Gi', 1536n * 1024n ** 2n],
  ['2Ti', 2n * 1024n ** 4n],
  ['8Pi', 2n ** 53n],
  ['16Ei', 2n ** 64n],
  ['0Mi', 0n],
  ['4GiB', 4n * 1024n ** 3n],
  [' 4  Gi ', 4n * 1024n ** 3n],
])('quantity %j', (text, bytes) => expect(quantityBytes(text)).toBe(bytes));

it.each(['', 'Gi', '4', '4G', '4GB', '-4Gi', '4 gi', '1e3Mi', '4Gi4Gi', 'lots', '.5Gi', `${'9'.repeat(100)}Gi`])(
  'no quantity %j',
  (text) => expect(quantityBytes(text)).toBeUndefined(),
);

it('quantities keep their order', () => {
  fc.assert(
    fc.property(fc.nat(), fc.nat(), (a, b) => {
      const [left, right] = [quantityBytes(`${a}Mi`) ?? -1n, quantityBytes(`${b} Mi`) ?? -1n];
      expect(left < right).toBe(a < b);
    }),
  );
});

it.each([
  ['5m0s', 300_000, true],
  ['0m30s', 30_000, true],
  ['120m5s', 7_205_000, true],
  ['5m', 300_000, false],
  ['30s', 30_000, false],
  ['1h', 3_600_000, false],
  ['1h30m', 5_400_000, false],
  ['90', 90_000, false],
  [' 5m0s', 300_000, false],
])('duration %j', (text, milliseconds, standard) => expect(readDuration(text)).toEqual({ milliseconds, standard }));

it.each(['', ' ', 'm', '5x', '-5m', '5m5m', '1.5m', 'soon', `${'9'.repeat(30)}m`])('no duration %j', (text) =>
  expect(readDuration(text)).toBeUndefined(),
);

it('a written duration is standard and comes back', () => {
  fc.assert(
    fc.property(fc.nat(1_000_000), (seconds) => {
      expect(readDuration(writeDuration(seconds * 1000))).toEqual({ milliseconds: seconds * 1000, standard: true });
    }),
  );
});
