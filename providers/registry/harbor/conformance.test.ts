import { expect, test } from 'vitest';
import { registryKit, registrySubjects, runCase } from '../../../core/testing/index.js';
import registryHarbor from './index.js';

const make = registrySubjects(registryHarbor, {
  config: ({ url, credentials, impatient }) => ({
    url,
    ...credentials,
    ...(impatient && { timeouts: { answer: 0.3, idle: 0.3 } }),
  }),
});

for (const each of registryKit.cases) {
  test(`${each.level}: ${each.name}`, async () => {
    const report = await runCase(each, make, { patience: 20_000 });
    if (report.failure) throw report.failure.error;
    expect(report.status, report.reason).toBe('passed');
  });
}
