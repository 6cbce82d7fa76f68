/**
 * How much a case asks. In the order in which a report has them:
 * - `basic`: of one caller.
 * - `idempotent`: that something done again changes nothing more.
 * - `convergent`: that every history ends in the same state.
 * - `concurrent`: of many callers at once.
 * - `model`: that random histories agree with a simple model.
 * - `fault`: when something fails, breaks or is given up.
 * - `durable`: after an orderly end.
 * - `crash`: of a process that is killed.
 * - `performance`: that cost does not grow where it must not. Only when it is asked for: it says a measurement too.
 *
 * @stable since 0.1.0
 */
export const kitLevels = [
  'basic',
  'idempotent',
  'convergent',
  'concurrent',
  'model',
  'fault',
  'durable',
  'crash',
  'performance',
] as const;
/** @stable since 0.1.0 */
export type KitLevel = (typeof kitLevels)[number];

/**
 * The levels that are run unless others are told: all that a busy machine cannot disturb.
 *
 * @stable since 0.1.0
 */
export const defaultLevels: readonly KitLevel[] = kitLevels.filter((level) => level !== 'performance');

/**
 * A case that a provider is known to fail.
 *
 * @stable since 0.1.0
 */
export interface ExpectedFailure {
  /** The name of the case, whole. */
  readonly case: string;
  /** Why, in a sentence for a person. */
  readonly because: string;
}

/** @stable since 0.1.0 */
export interface KitOptions {
  /** Milliseconds to wait for what must happen; 10,000 unless told. */
  readonly patience?: number;
  /** Milliseconds without any call that begins or ends, until a case counts as hanging; 12 times the patience unless told. */
  readonly stall?: number;
  /** How many times a process is killed; 10 unless told. */
  readonly kills?: number;
  /** How many random histories are tried; 100 unless told. Where each takes real time, a twentieth of it. */
  readonly histories?: number;
  /** Repeats the random choices of an earlier run. */
  readonly seed?: number;
  /** Only the cases of these levels; {@link defaultLevels} unless told. */
  readonly levels?: readonly KitLevel[];
  /** What is known to fail: that is no failure of the run. That it passes is one. */
  readonly expectedFailures?: readonly ExpectedFailure[];
}
