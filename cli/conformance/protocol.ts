import type { CaseFailure, CaseReport, KitLevel, KitOptions } from '../../core/testing/index.js';

/** One case of one definition, as both processes name it. */
export interface PlannedCase {
  /** Its place among all, by which it is asked for. */
  readonly at: number;
  /** Of the definition. */
  readonly type: string;
  readonly version: string;
  readonly kit: string;
  readonly level: KitLevel;
  readonly name: string;
}

/** How a case ended, without what cannot leave its process. */
export interface CaseResult extends Omit<CaseReport, 'failure'> {
  readonly failure?: Omit<CaseFailure, 'error'>;
}

/** What the process of the command asks. */
export type Request =
  | { readonly kind: 'load'; readonly path: string }
  | { readonly kind: 'run'; readonly at: number; readonly options: KitOptions };

/** What the process of the plugin answers. */
export type Reply =
  | { readonly kind: 'loaded'; readonly cases: readonly PlannedCase[] }
  /** There is nothing to try; the text is for a person. */
  | { readonly kind: 'refused'; readonly message: string; readonly advice?: string }
  | { readonly kind: 'done'; readonly result: CaseResult }
  /** It is about to end because of an error that nobody caught. */
  | { readonly kind: 'broke'; readonly message: string }
  /** It is alive. */
  | { readonly kind: 'beat' };
