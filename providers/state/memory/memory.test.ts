import { expect, test } from 'vitest';
import type { StateProvider } from '../../../core/plugin/index.js';
import { runCase, stateKit, subjectsOf } from '../../../core/testing/index.js';
import memory from './index.js';

const make = subjectsOf<StateProvider>(memory);

for (const each of stateKit.cases) {
  test(`${each.level}: ${each.name}`, async ({ skip }) => {
    const report = await runCase(each, make);
    if (report.status === 'skipped') skip(report.reason);
    if (report.failure) throw report.failure.error;
    expect(report.status).toBe('passed');
  });
}
