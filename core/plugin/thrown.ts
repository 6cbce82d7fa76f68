/**
 * What was thrown, if it can be looked at. A plugin may throw what cannot even be turned into text or asked for its class
 * (an object without a prototype, a proxy); of that, an error that says so.
 */
export function readable(thrown: unknown): unknown {
  try {
    reasonOf(thrown);
    return thrown;
  } catch {
    return new Error('what was thrown cannot be shown: it is no error, and has no text');
  }
}

/** What a {@link readable} thing that was thrown says of itself. */
export function reasonOf(error: unknown): string {
  return error instanceof Error ? `${error.message}` : String(error);
}
