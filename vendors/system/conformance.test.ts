import { expect, test } from 'vitest';
import type { HostStatus } from '../../core/host/status.js';
import { runCase, vendorKit, vendorSubjects } from '../../core/testing/index.js';
import system from './index.js';

const host: HostStatus = {
  profile: 'plant',
  version: '1.0.0',
  phase: () => 'ready',
  entries: () => [{ name: 'store', type: 'state.memory', health: { status: 'degraded', reason: 'the disk is slow' } }],
  addresses: () => [],
  operations: () => [],
};

const make = vendorSubjects(system, {
  uses: { host },
  samples: [
    { operation: 'system.livez' },
    { operation: 'system.readyz' },
    { operation: 'system.readyz', input: { verbose: '' } },
  ],
});

for (const each of vendorKit.cases) {
  test(`${each.level}: ${each.name}`, async ({ skip }) => {
    const report = await runCase(each, make);
    if (report.status === 'skipped') skip(report.reason);
    if (report.failure) throw report.failure.error;
    expect(report.status).toBe('passed');
  });
}
