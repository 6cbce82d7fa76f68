/**
 * Time as an entry sees it. Tests pass one that they move by hand; no code reads the wall clock or sleeps otherwise.
 * @stable since 0.1.0
 */
export interface Clock {
  /** Milliseconds since the epoch. */
  now(): number;
  /** Resolves after `milliseconds`; rejects with the signal's reason when it aborts. Does not keep the process alive. */
  delay(milliseconds: number, signal?: AbortSignal): Promise<void>;
}
