import type { CaseReport } from '../case-report.js';
import { checkExpectedFailures } from '../expected-failures.js';
import { defaultLevels, type ExpectedFailure, type KitOptions } from '../kit-options.js';
import type { ConformanceOptions } from './options.js';
import type { Suite, SuiteCase } from './suite.js';
import { suitesFor } from './suites.js';

export type { ConformanceOptions } from './options.js';
export type { Suite, SuiteCase } from './suite.js';

/**
 * All that a definition is tried by, as data: `tutti plugin test` runs it, and any test runner by {@link cases}.
 *
 * @stable since 0.1.0
 */
export interface Conformance {
  /** Of the definition. */
  readonly type: string;
  readonly version: string;
  readonly suites: readonly Suite[];
  readonly expectedFailures: readonly ExpectedFailure[];
}

/**
 * Picks the kits that a definition has to pass: the one of every definition's lifecycle, and that of its port or kind. A
 * kit that lacks the means to be run is there with one case, which is skipped and says what to give.
 *
 * @throws UnknownCase when a failure is expected of a case that there is not
 * @stable since 0.1.0
 */
export function conformance(options: ConformanceOptions): Conformance {
  const { definition, expectedFailures = [] } = options;
  const suites = suitesFor(options);
  checkExpectedFailures(
    expectedFailures,
    suites.flatMap((suite) => suite.cases.map(({ name }) => name)),
  );
  return Object.freeze({ type: definition.type, version: definition.version, suites, expectedFailures });
}

/**
 * A case as most test runners take it: `for (const { name, run } of cases(mine)) test(name, run)`.
 *
 * @stable since 0.1.0
 */
export interface TestCase {
  readonly name: string;
  /**
   * @param context the runner's own, if it has a way to skip a test that is running
   * @throws what the case failed with
   */
  readonly run: (context?: { readonly skip?: (reason: string) => unknown }) => Promise<void>;
}

/**
 * The cases of the levels that are asked for.
 *
 * @stable since 0.1.0
 */
export function cases({ suites, expectedFailures }: Conformance, options: KitOptions = {}): readonly TestCase[] {
  const levels = options.levels ?? defaultLevels;
  const all = { expectedFailures, ...options };
  return suites.flatMap(({ kit, cases: of }) =>
    of
      .filter(({ level }) => levels.includes(level))
      .map((each) => ({ name: `${kit}, ${each.level}: ${each.name}`, run: testOf(each, all) })),
  );
}

// The parameter has a default, so that no runner takes it for a callback that it has to wait for.
const testOf =
  (each: SuiteCase, options: KitOptions): TestCase['run'] =>
  async (context = {}) => {
    const report = await each.run(options);
    if (report.status === 'skipped') context.skip?.(report.reason ?? '');
    if (report.failure && report.status === 'failed') throw errorOf(report);
  };

/** The error, with what a person needs to see it again. */
function errorOf({ failure }: CaseReport): Error {
  const { what = '', expected = '', found = '', reproduce } = failure ?? {};
  const calls = (reproduce?.calls ?? []).map((call) => `  ${call}`).join('\n');
  const text = `${what}: expected ${expected}, found ${found}\nseed ${reproduce?.seed}\n${calls}`;
  return new Error(text, { cause: failure?.error });
}
