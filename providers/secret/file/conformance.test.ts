import { expect, test } from 'vitest';
import { runCase, secretKit } from '../../../core/testing/index.js';
import { fileSubjects } from '../../../test/kits/secret-files.js';

for (const each of secretKit.cases) {
  test(`${each.level}: ${each.name}`, async () => {
    const report = await runCase(each, fileSubjects);
    if (report.failure) throw report.failure.error;
    expect(report.status, report.reason).toBe('passed');
  });
}
