import { describe, expect, it } from 'vitest';
import { age, instant, parseDuration } from './duration.js';

describe('parseDuration', () => {
  it.each([
    ['60s', 60_000],
    ['500ms', 500],
    ['5m', 300_000],
    ['1h30m', 5_400_000],
    ['0.5s', 500],
    ['30d', 2_592_000_000],
    ['90', 90_000],
  ])('reads %s', (text, milliseconds) => expect(parseDuration(text)).toBe(milliseconds));

  it.each(['', 'soon', '5 m', '-1s', '5x', '1h30', 's'])('refuses "%s"', (text) => {
    expect(() => parseDuration(text)).toThrow('expected a duration');
  });
});

describe('age', () => {
  const now = Date.parse('2026-01-10T00:00:00Z');
  it.each([
    ['2026-01-09T23:59:55Z', '5s'],
    ['2026-01-09T23:50:00Z', '10m'],
    ['2026-01-09T19:00:00Z', '5h'],
    ['2026-01-03T00:00:00Z', '7d'],
    ['2026-01-10T00:00:09Z', '0s'],
    ['never', '-'],
    [undefined, '-'],
  ])('of %s is %s', (time, text) => expect(age(time, now)).toBe(text));
});

it.each([
  [0, '1970-01-01T00:00:00.000Z'],
  [9_007_199_254_740_991_000, '9007199254740991000'],
  [Number.NaN, 'NaN'],
])('instant of %s is %s', (milliseconds, text) => expect(instant(milliseconds)).toBe(text));
