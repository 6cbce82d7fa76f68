import { expect, test } from 'vitest';
import { pullCredentialKit, runCase } from '../../../core/testing/index.js';
import { handedSubjects } from '../../../test/kits/handing-side.js';

for (const each of pullCredentialKit.cases) {
  test(`${each.level}: ${each.name}`, async () => {
    const report = await runCase(each, handedSubjects);
    if (report.failure) throw report.failure.error;
    expect(report.status, report.reason).toBe('passed');
  });
}
