import { expect, test } from 'vitest';
import { results } from './report.js';
import type { TriedCase } from './try-cases.js';

const failedAfter = (calls: readonly string[]): TriedCase => ({
  ...{ at: 0, type: 'state.toy', version: '1.0.0', kit: 'state', level: 'basic', milliseconds: 12 },
  name: 'fails',
  status: 'failed',
  failure: { what: 'a', expected: 'b', found: 'c', reproduce: { calls, seed: 7 } },
});

test('a call that was made again and again is told once, with how often', () => {
  const text = results(
    [failedAfter(['open()', 'get() -> 1', 'get() -> 1', 'get() -> 1', 'get() -> 2', 'open()'])],
    () => '',
  );
  expect(text).toContain(`
  calls
            open()
            get() -> 1 (3 times)
            get() -> 2
            open()
  seed      7`);
});

test('without calls there is nothing about them', () => {
  expect(results([failedAfter([])], () => '')).toContain('  found     c\n  seed      7');
});
