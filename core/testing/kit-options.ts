/**
 * How much a case asks: of one caller, of many at once, of a random history, when something ends or breaks, of a process
 * that is killed.
 * @experimental
 */
export type KitLevel = 'basic' | 'concurrent' | 'model' | 'fault' | 'durable' | 'crash';

/**
 * How hard, how long and what of a kit is tried.
 * @experimental
 */
export interface KitOptions {
  /** Milliseconds to wait for what must happen; 5,000 unless told. */
  readonly patience?: number;
  /** How many times a process is killed; 10 unless told. */
  readonly kills?: number;
  /** How many random histories are tried; 100 unless told. */
  readonly histories?: number;
  /** Repeats the random choices of an earlier run. */
  readonly seed?: number;
  /** Only the cases of these levels. */
  readonly levels?: readonly KitLevel[];
}
