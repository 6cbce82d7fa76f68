/**
 * What was thrown, if it can be looked at. A plugin may throw what cannot even be turned into text or asked for its class
 * (an object without a prototype, a proxy); of that, an error that says so.
 */
export function readable(thrown: unknown): unknown {
  try {
    reasonOf(thrown);
    stackOf(thrown);
    return thrown;
  } catch {
    return new Error('what was thrown cannot be shown: it is no error, or has no text');
  }
}

/** What a {@link readable} thing that was thrown says of itself. */
export function reasonOf(error: unknown): string {
  return error instanceof Error ? `${error.message}` : String(error);
}

/** Where a {@link readable} thing that was thrown comes from, as V8 writes it; empty for what is no error. */
export function stackOf(error: unknown): string {
  return error instanceof Error ? `${error.stack ?? ''}` : '';
}
