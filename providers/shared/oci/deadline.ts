export interface Deadline {
  /** Aborts with a TimeoutError when the time is over, or as the caller's signal does. */
  readonly signal: AbortSignal;
  /** From now on only the caller's signal counts. */
  end(): void;
}

/** Bounds a part of an exchange on the network, where only the wall clock is of use. */
export function deadline(milliseconds: number, caller: AbortSignal | undefined): Deadline {
  const controller = new AbortController();
  const timer = setTimeout(() => controller.abort(new DOMException('the time is over', 'TimeoutError')), milliseconds);
  timer.unref();
  const signals = caller ? [caller, controller.signal] : [controller.signal];
  return { signal: AbortSignal.any(signals), end: () => clearTimeout(timer) };
}
