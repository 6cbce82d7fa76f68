/** An error as data. */
export interface CarriedError {
  readonly name: string;
  readonly message: string;
  readonly stack: string | undefined;
  readonly cause: unknown;
  readonly fields: Readonly<Record<string, unknown>>;
}

/** An error that no boundary names: what fails between the two sides themselves. */
export function plainError(message: string): Error {
  return new Error(message);
}

/** What an error says, or whatever else was thrown. */
export function wordsOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

type ErrorClass = new (...args: never[]) => Error;

const everywhere: readonly ErrorClass[] = [TypeError, RangeError, SyntaxError];

export function carriedError(error: Error): CarriedError {
  const { name, message, stack, cause } = error;
  // DOMException keeps all of it on its prototype.
  const own = Object.entries(error).filter(([key]) => !['name', 'message', 'stack', 'cause'].includes(key));
  return { name, message, stack, cause, fields: Object.fromEntries(own) };
}

/** An error of the class that its name means among `classes`, with all of its fields; otherwise an `Error` of that name. */
export function rebuiltError(
  { name, message, stack, cause, fields }: CarriedError,
  classes: readonly ErrorClass[],
): Error {
  const known = [...everywhere, ...classes].find((one) => one.name === name);
  // Its constructor would ask for other things than what is left of it, so it is not called.
  const error: Error = known ? Object.create(known.prototype) : new Error(message);
  const hidden = { writable: true, configurable: true, enumerable: false };
  Object.defineProperties(error, {
    message: { value: message, ...hidden },
    stack: { value: stack ?? `${name}: ${message}`, ...hidden },
    ...(error.name !== name && { name: { value: name, ...hidden } }),
    ...(cause !== undefined && { cause: { value: cause, ...hidden } }),
  });
  return Object.assign(error, fields);
}
