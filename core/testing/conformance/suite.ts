import type { CaseReport } from '../case-report.js';
import type { Kit } from '../kit.js';
import type { KitLevel, KitOptions } from '../kit-options.js';
import type { MakeSubject } from '../kit-subject.js';
import { runCase } from '../run-kit.js';

/**
 * A case with the subject that it is tried on.
 *
 * @stable since 0.1.0
 */
export interface SuiteCase {
  readonly name: string;
  readonly level: KitLevel;
  /** Never throws for a broken provider. */
  run(options?: KitOptions): Promise<CaseReport>;
}

/**
 * A kit with the subjects that it is tried on.
 *
 * @stable since 0.1.0
 */
export interface Suite {
  /** What the kit is about: `lifecycle`, `state`, `target`, ... */
  readonly kit: string;
  readonly cases: readonly SuiteCase[];
}

/**
 * Ties a kit to its subjects.
 *
 * @stable since 0.1.0
 */
export function suiteOf<P>(kit: Kit<P>, make: MakeSubject<P>): Suite {
  return {
    kit: kit.port,
    cases: kit.cases.map((each) => ({
      name: each.name,
      level: each.level,
      run: (options) => runCase(each, make, options),
    })),
  };
}

/** A kit that cannot be run for want of something: one case, which says so where the report has it. */
export function wanting(kit: { readonly port: string }, reason: string): Suite {
  const name = `what the port of ${kit.port} promises`;
  const run = async (): Promise<CaseReport> => ({ name, level: 'basic', status: 'skipped', milliseconds: 0, reason });
  return { kit: kit.port, cases: [{ name, level: 'basic', run }] };
}
