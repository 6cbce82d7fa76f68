import type { KitLevel } from './kit-options.js';

/**
 * How a case ended. `expected-failure`: it failed, as the list of expected failures says.
 *
 * @stable since 0.1.0
 */
export type CaseStatus = 'passed' | 'failed' | 'skipped' | 'expected-failure';

/** @stable since 0.1.0 */
export interface CaseReport {
  readonly name: string;
  readonly level: KitLevel;
  readonly status: CaseStatus;
  readonly milliseconds: number;
  /** Why it was skipped, or is expected to fail. */
  readonly reason?: string;
  /** What a case of performance measured. */
  readonly measurement?: string;
  readonly failure?: CaseFailure;
}

/** @stable since 0.1.0 */
export interface CaseFailure {
  readonly what: string;
  readonly expected: string;
  readonly found: string;
  /** The newest calls, oldest first, and the seed of the random choices. */
  readonly reproduce: { readonly calls: readonly string[]; readonly seed: number };
  /** What was thrown, for a test runner to show. */
  readonly error: unknown;
}

/** @stable since 0.1.0 */
export interface KitReport {
  readonly port: string;
  readonly passed: number;
  readonly failed: number;
  readonly skipped: number;
  /** Failed, as it was expected to. */
  readonly expected: number;
  readonly cases: readonly CaseReport[];
}

/** Counts how cases ended. */
export function reportOf(port: string, cases: readonly CaseReport[]): KitReport {
  const having = (status: CaseStatus): number => cases.filter((each) => each.status === status).length;
  return {
    port,
    passed: having('passed'),
    failed: having('failed'),
    skipped: having('skipped'),
    expected: having('expected-failure'),
    cases,
  };
}

/**
 * A report for a person: a line for each case, and all about those that failed.
 *
 * @stable since 0.1.0
 */
export function formatReport({ port, cases }: Pick<KitReport, 'port' | 'cases'>): string {
  const lines = cases.flatMap(({ level, name, status, milliseconds, reason, measurement, failure }) => [
    `${status.padEnd(7)} ${level}: ${name} (${reason ?? measurement ?? `${milliseconds} ms`})`,
    ...(failure
      ? [
          `        ${failure.what}`,
          `        expected ${failure.expected}`,
          `        found    ${failure.found}`,
          `        seed     ${failure.reproduce.seed}`,
          ...failure.reproduce.calls.map((call) => `          ${call}`),
        ]
      : []),
  ]);
  const { passed, failed, skipped, expected } = reportOf(port, cases);
  const counts = [`${passed} passed`, `${failed} failed`, `${skipped} skipped`];
  if (expected > 0) counts.push(`${expected} failed as expected`);
  return [`${port}: ${counts.join(', ')}`, ...lines].join('\n');
}
