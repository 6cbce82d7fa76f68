import type { KitLevel } from './kit-options.js';
import type { Trial } from './trial.js';

export { defaultLevels, type ExpectedFailure, type KitLevel, type KitOptions, kitLevels } from './kit-options.js';
export type { CrashRecipe, KitSubject, MakeSubject } from './kit-subject.js';

/**
 * One promise of a port, and how to see whether a provider keeps it.
 *
 * @stable since 0.1.0
 */
export interface KitCase<P> {
  readonly name: string;
  readonly level: KitLevel;
  /** @throws KitFailure when the promise is broken, KitSkip when the provider does not make it */
  run(trial: Trial<P>): Promise<void>;
}

/**
 * Everything that a port promises, as data: any test runner can run it, and so can {@link runKit} without one.
 *
 * @stable since 0.1.0
 */
export interface Kit<P> {
  readonly port: string;
  readonly cases: readonly KitCase<P>[];
}
