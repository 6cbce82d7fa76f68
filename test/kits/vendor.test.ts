import { expect, test } from 'vitest';
import { formatReport, type KitReport, runKit, vendorKit } from '../../core/testing/index.js';
import * as mutants from './mutants/vendor.js';

const options = { patience: 2_000, histories: 30, seed: 1 };

const failed = ({ cases }: KitReport): string[] =>
  cases.filter(({ status }) => status === 'failed').map(({ name }) => name);

test.for([
  [mutants.BreaksOnOddInput, 'malformed input is refused, and never ends in a 500'],
  [mutants.AnswersOther, 'each sample is answered as its operation declares'],
  [mutants.HasUndeclaredProblems, 'each sample is answered as its operation declares'],
  [mutants.BelievesAnybody, 'each sample is answered as its operation declares'],
  [mutants.WritesTwice, 'an idempotent operation that is called again has no further effect'],
  [mutants.ChangesByReading, 'a safe operation changes nothing, and answers the same again'],
  [mutants.ServesUndeclared, 'what is declared is what is served'],
  [mutants.SharesARoute, 'every operation has a route of its own'],
  [mutants.StreamsForEver, 'a stream ends when its caller goes'],
  [mutants.LeavesTimers, 'nothing runs after stop'],
] as const)('the vendor kit catches a vendor that %o', async ([mutant, name]) => {
  const report = await runKit(vendorKit, mutants.subjects(mutant), options);
  expect(failed(report), formatReport(report)).toContain(name);
});

test('the vendor kit passes what the mutants are made of', async () => {
  const report = await runKit(vendorKit, mutants.subjects(mutants.VendorMutant), options);
  expect(report, formatReport(report)).toMatchObject({ failed: 0, skipped: 0 });
});
