import { expect, test } from 'vitest';
import { runCase, vendorKit, vendorSubjects } from '../../core/testing/index.js';
import registry from './index.js';

// It serves no operations: its mount is a protocol of its own, which the tests of `distribution` are about.
const make = vendorSubjects(registry);

for (const each of vendorKit.cases) {
  test(`${each.level}: ${each.name}`, async ({ skip }) => {
    const report = await runCase(each, make);
    if (report.status === 'skipped') skip(report.reason);
    if (report.failure) throw report.failure.error;
    expect(report.status).toBe('passed');
  });
}
