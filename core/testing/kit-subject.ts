/**
 * How a process of its own can make the provider: what is killed must not be the test itself.
 * @experimental
 */
export interface CrashRecipe {
  /** URL of the module that exports the definition. */
  readonly module: string;
  /** The export's name; `default` unless told. */
  readonly export?: string;
  readonly config?: unknown;
  readonly dataDir: string;
  /**
   * Options for node, before the script, with which it can import the module. Unless told, those of this process, and the
   * module is read as a host reads a plugin.
   */
  readonly execArgv?: readonly string[];
}

/**
 * A fresh, empty, started provider for one case, and what can be done to it.
 * @experimental
 */
export interface KitSubject<P> {
  readonly instance: P;
  /** Moves the provider's clock on. Absent: real time passes. */
  advance?(milliseconds: number): Promise<void>;
  /** Stops the provider; {@link KitSubject.reopen} follows. Absent: it has no data to come back to. */
  close?(): Promise<void>;
  /** Makes another provider over the same data and starts it. */
  reopen?(): Promise<P>;
  /** Makes and starts one more provider beside those that there are, as another host has it. Absent: it is for one host. */
  another?(): Promise<P>;
  readonly crash?: CrashRecipe;
  /** Stops everything and removes the data. */
  dispose(): Promise<void>;
}

/**
 * Makes a subject for each case; whoever runs the case disposes of it.
 * @experimental
 */
export type MakeSubject<P> = () => Promise<KitSubject<P>>;
