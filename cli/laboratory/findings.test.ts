import { expect, it } from 'vitest';
import { findings } from './findings.js';

const round = (
  cpu: number,
  latencies: readonly number[],
): { cpu: number; latencies: readonly number[]; units: number; seconds: number } => ({
  cpu,
  latencies,
  units: latencies.length,
  seconds: 0.5,
});

it('compares a binding with the bare library round by round, so that a machine that changes its speed does not count', () => {
  const common = { protocol: 'toy', workload: 'small', wire: 10 };
  const [binding, bare] = findings([
    { ...common, bare: false, rounds: [round(12, [1, 2]), round(120, [3]), round(24, [9, 9, 9, 9])] },
    { ...common, bare: true, rounds: [round(10, [1]), round(100, [1]), round(10, [1])] },
  ]);
  expect(binding).toEqual({
    workload: 'small',
    binding: 'toy',
    subject: 'binding',
    p50: 9,
    p99: 9,
    perSecond: 4,
    wireBytes: 10,
    cpu: 24,
    ofBare: 1.2,
  });
  expect(bare).toMatchObject({ subject: 'bare', cpu: 10 });
  expect(bare).not.toHaveProperty('ofBare');
});
