import { expect, test } from 'vitest';
import { formatReport, runCase } from '../../../core/testing/run-kit.js';
import { targetKit } from '../../../core/testing/target/index.js';
import { processSubject } from '../../../test/target/process-subject.js';

test.for(targetKit.cases)('$level: $name', { timeout: 60_000 }, async (each) => {
  const report = await runCase(each, processSubject, { patience: 10_000 });
  const counts = { passed: 0, failed: 0, skipped: 0, [report.status]: 1 };
  expect(report.status, formatReport({ port: targetKit.port, ...counts, cases: [report] })).toBe('passed');
});
