import { readable } from '../plugin/thrown.js';
import { within } from '../work/within.js';
import { type CaseFailure, type CaseReport, type CaseStatus, type KitReport, reportOf } from './case-report.js';
import { checkExpectedFailures, judged } from './expected-failures.js';
import type { Kit, KitCase } from './kit.js';
import { defaultLevels, type KitOptions } from './kit-options.js';
import type { KitSubject, MakeSubject } from './kit-subject.js';
import { defaultPatience, KitFailure, KitSkip, newSeed, Trial } from './trial.js';

export { type CaseFailure, type CaseReport, type CaseStatus, formatReport, type KitReport } from './case-report.js';
export { UnknownCase } from './expected-failures.js';

/**
 * Runs the cases of a kit, each on a fresh subject, one after the other. Never throws for a broken provider.
 *
 * @throws UnknownCase when a failure is expected of a case that the kit does not have
 * @stable since 0.1.0
 */
export async function runKit<P>(kit: Kit<P>, make: MakeSubject<P>, options: KitOptions = {}): Promise<KitReport> {
  checkExpectedFailures(
    options.expectedFailures ?? [],
    kit.cases.map(({ name }) => name),
  );
  const levels = options.levels ?? defaultLevels;
  const cases: CaseReport[] = [];
  for (const each of kit.cases) {
    if (levels.includes(each.level)) cases.push(await runCase(each, make, options));
  }
  return reportOf(kit.port, cases);
}

/**
 * Runs one case on a fresh subject, whatever its level. Never throws for a broken provider: one that cannot be made or
 * stopped, or that hangs, fails the case.
 *
 * @stable since 0.1.0
 */
export async function runCase<P>(
  each: KitCase<P>,
  make: MakeSubject<P>,
  options: KitOptions = {},
): Promise<CaseReport> {
  const seed = options.seed ?? newSeed();
  // What is measured takes long, and is not about waiting.
  const patience = (options.patience ?? defaultPatience) * (each.level === 'performance' ? 10 : 1);
  const report = await tried(each, make, { ...options, seed, patience });
  return judged(report, options.expectedFailures ?? [], seed);
}

/** Times its patience: how long the end of a subject may take, which no case is about. */
const endPatience = 10;
/** Times its patience: how long a case may stand still. */
const stallPatience = 12;

type SettledOptions = KitOptions & { readonly seed: number; readonly patience: number };

async function tried<P>(
  { name, level, run }: KitCase<P>,
  make: MakeSubject<P>,
  options: SettledOptions,
): Promise<CaseReport> {
  const began = performance.now();
  const ended = (status: CaseStatus, more: Partial<CaseReport> = {}): CaseReport => ({
    name,
    level,
    status,
    milliseconds: Math.round(performance.now() - began),
    ...more,
  });
  const { patience } = options;
  let subject: KitSubject<P>;
  try {
    subject = await endsWithin('making and starting the subject', endPatience * patience, make);
  } catch (thrown) {
    const error = readable(thrown);
    if (error instanceof KitSkip) return ended('skipped', { reason: error.message });
    return ended('failed', { failure: failureOf('making and starting the subject', error, [], options.seed) });
  }
  const trial = new Trial(subject, options);
  const failed = (what: string, error: unknown): CaseReport =>
    ended('failed', { failure: failureOf(what, error, trial.history, options.seed) });
  let report: CaseReport;
  try {
    await unlessStalled(trial, options.stall ?? stallPatience * patience, () => run(trial));
    report = ended('passed', trial.measurement === undefined ? {} : { measurement: trial.measurement });
  } catch (thrown) {
    const error = readable(thrown);
    report = error instanceof KitSkip ? ended('skipped', { reason: error.message }) : failed('the case', error);
  }
  try {
    // What has failed may well not stop either.
    const limit = report.status === 'failed' ? patience : endPatience * patience;
    await endsWithin('stopping the subject', limit, () => subject.dispose());
  } catch (thrown) {
    // What the case itself found says more.
    if (report.status !== 'failed') return failed('stopping the subject', readable(thrown));
  }
  return report;
}

function failureOf(during: string, error: unknown, history: readonly string[], seed: number): CaseFailure {
  const failure =
    error instanceof KitFailure ? error : new KitFailure(during, 'no error', placeOf(error), { cause: error });
  const { what, expected, found } = failure;
  return { what, expected, found, reproduce: { calls: [...history], seed }, error };
}

/** An error that no kit has thrown, with the line of code that did. */
function placeOf(error: unknown): string {
  const line = error instanceof Error ? /\n\s+at (.+)/.exec(error.stack ?? '')?.[1] : undefined;
  return line === undefined ? String(error) : `${String(error)} (at ${line})`;
}

/** @throws KitFailure when nothing was done to the subject for so long */
async function unlessStalled<P>(trial: Trial<P>, stall: number, work: () => Promise<void>): Promise<void> {
  let seen = trial.movement;
  let timer: NodeJS.Timeout | undefined;
  const stalled = new Promise<never>((_, reject) => {
    timer = setInterval(() => {
      if (trial.movement !== seen) {
        seen = trial.movement;
        return;
      }
      const [oldest] = trial.underWay;
      const where = oldest === undefined ? '' : `, and ${oldest} has not ended`;
      reject(new KitFailure('the case', 'it to go on', `nothing within ${stall} ms${where}`));
    }, stall);
  });
  try {
    // Begun with the timer under way: a case that looks out for timers must not find this one.
    await Promise.race([work(), stalled]);
  } finally {
    clearInterval(timer);
  }
}

function endsWithin<T>(what: string, milliseconds: number, work: () => Promise<T>): Promise<T> {
  const late = (): KitFailure => new KitFailure(what, 'it to end', `that it goes on after ${milliseconds} ms`);
  return within(milliseconds, work, late);
}
