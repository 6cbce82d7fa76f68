import type { Trial } from './trial.js';

/** How much a case asks: of one caller, of many at once, of a random history, of a process that is killed. */
export type KitLevel = 'basic' | 'concurrent' | 'model' | 'durable' | 'crash';

/** How a process of its own can make the provider: what is killed must not be the test itself. */
export interface CrashRecipe {
  /** URL of the module that exports the definition. */
  readonly module: string;
  /** The export's name; `default` unless told. */
  readonly export?: string;
  readonly config?: unknown;
  readonly dataDir: string;
  /** Options for node, before the script; those of this process unless told. */
  readonly execArgv?: readonly string[];
}

/** A fresh, empty, started provider for one case, and what can be done to it. */
export interface KitSubject<P> {
  readonly instance: P;
  /** Moves the provider's clock on. Absent: real time passes. */
  advance?(milliseconds: number): Promise<void>;
  /** Stops the provider; {@link KitSubject.reopen} follows. Absent: it has no data to come back to. */
  close?(): Promise<void>;
  /** Makes another provider over the same data and starts it. */
  reopen?(): Promise<P>;
  readonly crash?: CrashRecipe;
  /** Stops everything and removes the data. */
  dispose(): Promise<void>;
}

export type MakeSubject<P> = () => Promise<KitSubject<P>>;

/** One promise of a port, and how to see whether a provider keeps it. */
export interface KitCase<P> {
  readonly name: string;
  readonly level: KitLevel;
  /** @throws KitFailure when the promise is broken, KitSkip when the provider does not make it */
  run(trial: Trial<P>): Promise<void>;
}

/** Everything that a port promises, as data: any test runner can run it, and so can {@link runKit} without one. */
export interface Kit<P> {
  readonly port: string;
  readonly cases: readonly KitCase<P>[];
}

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
