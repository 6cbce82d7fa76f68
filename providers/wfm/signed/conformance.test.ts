import { expect, test } from 'vitest';
import { runCase, wfmKit } from '../../../core/testing/index.js';
import { signedSubjects } from '../../../test/kits/fleet-side.js';
import signed from './index.js';

const make = signedSubjects(signed);

for (const each of wfmKit.cases) {
  test(`${each.level}: ${each.name}`, async () => {
    const report = await runCase(each, make, { patience: 20_000 });
    if (report.failure) throw report.failure.error;
    expect(report.status, report.reason).toBe('passed');
  });
}
