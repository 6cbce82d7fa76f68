import { expect, test } from 'vitest';
import { credentialKit, runCase } from '../../../core/testing/index.js';
import { harborAccounts } from '../../../test/harbor/account-side.js';

for (const each of credentialKit.cases) {
  test(`${each.level}: ${each.name}`, async () => {
    const report = await runCase(each, harborAccounts);
    if (report.failure) throw report.failure.error;
    expect(report.status, report.reason).toBe('passed');
  });
}
