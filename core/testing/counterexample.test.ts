import fc from 'fast-check';
import { expect, it } from 'vitest';
import { shownCounterexample } from './counterexample.js';

it('shows a history as one writes it', () => {
  const step = fc.record({ kind: fc.constant('apply'), with: fc.record({}), bytes: fc.constant(Uint8Array.of(1)) });
  const [history] = fc.sample(fc.array(step, { minLength: 2, maxLength: 2 }), { numRuns: 1, seed: 1 });
  const shown = '{"kind":"apply","with":{},"bytes":Uint8Array.from([1])}';
  expect(shownCounterexample(history)).toBe(`[${shown},${shown}]`);
});
