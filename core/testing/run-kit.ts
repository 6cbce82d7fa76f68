import type { Kit, KitCase } from './kit.js';
import type { KitLevel, KitOptions } from './kit-options.js';
import type { MakeSubject } from './kit-subject.js';
import { KitFailure, KitSkip, Trial } from './trial.js';

/**
 * How a case ended.
 * @experimental
 */
export interface CaseReport {
  readonly name: string;
  readonly level: KitLevel;
  readonly status: 'passed' | 'failed' | 'skipped';
  readonly milliseconds: number;
  /** Why it was skipped. */
  readonly reason?: string;
  readonly failure?: CaseFailure;
}

/**
 * Which promise was broken, and how to see it again.
 * @experimental
 */
export interface CaseFailure {
  readonly what: string;
  readonly expected: string;
  readonly found: string;
  /** The newest calls, oldest first, and the seed of the random choices. */
  readonly reproduce: { readonly calls: readonly string[]; readonly seed: number };
  /** What was thrown, for a test runner to show. */
  readonly error: unknown;
}

/**
 * How all cases of a kit ended.
 * @experimental
 */
export interface KitReport {
  readonly port: string;
  readonly passed: number;
  readonly failed: number;
  readonly skipped: number;
  readonly cases: readonly CaseReport[];
}

/**
 * Runs every case of a kit, each on a fresh subject, one after the other. Never throws for a broken provider.
 * @experimental
 */
export async function runKit<P>(kit: Kit<P>, make: MakeSubject<P>, options: KitOptions = {}): Promise<KitReport> {
  const cases: CaseReport[] = [];
  for (const each of kit.cases) {
    if (options.levels && !options.levels.includes(each.level)) continue;
    cases.push(await runCase(each, make, options));
  }
  const having = (status: CaseReport['status']): number => cases.filter((each) => each.status === status).length;
  return { port: kit.port, passed: having('passed'), failed: having('failed'), skipped: having('skipped'), cases };
}

/**
 * Runs one case on a fresh subject.
 * @experimental
 */
export async function runCase<P>(
  { name, level, run }: KitCase<P>,
  make: MakeSubject<P>,
  options: KitOptions = {},
): Promise<CaseReport> {
  const began = performance.now();
  const subject = await make();
  const trial = new Trial(subject, options);
  const ended = (status: CaseReport['status']) => ({
    name,
    level,
    status,
    milliseconds: Math.round(performance.now() - began),
  });
  try {
    await run(trial);
    return ended('passed');
  } catch (error) {
    if (error instanceof KitSkip) return { ...ended('skipped'), reason: error.message };
    return { ...ended('failed'), failure: failureOf(error, trial) };
  } finally {
    await subject.dispose();
  }
}

function failureOf(error: unknown, { history, seed }: Trial<unknown>): CaseFailure {
  const { what, expected, found } =
    error instanceof KitFailure ? error : new KitFailure('the case', 'no error', String(error));
  return { what, expected, found, reproduce: { calls: history, seed }, error };
}

/**
 * A report for a person: a line for each case, and all about those that failed.
 * @experimental
 */
export function formatReport(report: KitReport): string {
  const lines = report.cases.flatMap(({ level, name, status, milliseconds, reason, failure }) => [
    `${status.padEnd(7)} ${level}: ${name} (${reason ?? `${milliseconds} ms`})`,
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
  const { port, passed, failed, skipped } = report;
  return [`${port}: ${passed} passed, ${failed} failed, ${skipped} skipped`, ...lines].join('\n');
}
