import { didYouMean } from '../plugin/suggest.js';
import type { CaseReport } from './case-report.js';
import type { ExpectedFailure } from './kit-options.js';
import { KitFailure } from './trial.js';

/**
 * The list of expected failures names a case that does not exist.
 *
 * @stable since 0.1.0
 */
export class UnknownCase extends Error {
  override readonly name = 'UnknownCase';
}

/** @throws UnknownCase naming the nearest case, for the first name that no case has */
export function checkExpectedFailures(expected: readonly ExpectedFailure[], names: readonly string[]): void {
  for (const { case: name } of expected) {
    if (names.includes(name)) continue;
    const nearest = didYouMean(name, names);
    const hint = nearest === undefined ? 'its names are those of a report' : `did you mean "${nearest}"?`;
    throw new UnknownCase(`a failure is expected of "${name}", but there is no such case; ${hint}`);
  }
}

/** What a report means beside the list: a failure that was expected is none, and a success that was not is one. */
export function judged(report: CaseReport, expected: readonly ExpectedFailure[], seed: number): CaseReport {
  const known = expected.find((each) => each.case === report.name);
  if (!known) return report;
  if (report.status === 'failed') return { ...report, status: 'expected-failure', reason: known.because };
  if (report.status !== 'passed') return report;
  const failure = new KitFailure(
    'a case on the list of expected failures',
    `it to fail (${known.because})`,
    'that it passes now: take it off the list',
  );
  const { what, expected: wanted, found } = failure;
  return {
    ...report,
    status: 'failed',
    failure: { what, expected: wanted, found, reproduce: { calls: [], seed }, error: failure },
  };
}
