import { type CarriedError, carriedError, rebuiltError } from './errors.js';

/** Marks what a structured clone cannot hold. Data that has it as a key of its own is wrapped. */
const mark = '$tutti';

type Marked =
  | { readonly [mark]: 'function' | 'stream'; readonly id: number }
  | { readonly [mark]: 'signal'; readonly id: number; readonly aborted?: { readonly reason: unknown } }
  /** `reason`: it is what this signal, which the other side passed, was aborted with. */
  | { readonly [mark]: 'error'; readonly error: CarriedError; readonly reason?: number }
  | { readonly [mark]: 'data'; readonly value: Readonly<Record<string, unknown>> };

/** What one side passes, or is passed, beside data. */
export interface Passing {
  function(value: (...args: unknown[]) => unknown): number;
  stream(value: AsyncIterable<unknown>): number;
  signal(value: AbortSignal): number;
  /** The signal of the other side that was aborted with this very error. */
  reason(value: Error): number | undefined;
}

export interface Passed {
  function(id: number): (...args: unknown[]) => Promise<unknown>;
  stream(id: number): AsyncIterable<unknown>;
  signal(id: number, aborted: { readonly reason: unknown } | undefined): AbortSignal;
  /** What a signal of this side was aborted with, as long as it is known. */
  reason(id: number): unknown;
  readonly faults: readonly (new (...args: never[]) => Error)[];
}

/** Levels of what crosses over: what reads it calls itself for each, here and in the platform. */
const deepest = 500;

/** @throws TypeError for what holds itself, or is nested too deep */
export function encode(value: unknown, passing: Passing, within: readonly unknown[] = []): unknown {
  if (isData(value)) return value;
  if (typeof value === 'function') {
    return marked({ [mark]: 'function', id: passing.function(value as (...args: unknown[]) => unknown) });
  }
  if (typeof value !== 'object' || value === null) return value;
  if (within.length === deepest) throw new TypeError(`a value of more than ${deepest} levels cannot leave its thread`);
  if (within.includes(value)) throw new TypeError('a value that holds itself cannot leave its thread');
  const below = (member: unknown): unknown => encode(member, passing, [...within, value]);
  if (value instanceof AbortSignal) {
    const id = passing.signal(value);
    return marked({ [mark]: 'signal', id, ...(value.aborted && { aborted: { reason: below(value.reason) } }) });
  }
  if (value instanceof Error) {
    const error = carriedError(value);
    const reason = passing.reason(value);
    return marked({
      [mark]: 'error',
      ...(reason !== undefined && { reason }),
      error: { ...error, cause: below(error.cause), fields: mapped(error.fields, below) },
    });
  }
  if (isStream(value)) return marked({ [mark]: 'stream', id: passing.stream(value) });
  if (Array.isArray(value)) return value.map(below);
  if (value instanceof Map) return new Map([...value].map(([key, member]) => [below(key), below(member)]));
  if (value instanceof Set) return new Set([...value].map(below));
  const data = mapped(value as Readonly<Record<string, unknown>>, below);
  return Object.hasOwn(data, mark) ? marked({ [mark]: 'data', value: data }) : data;
}

/** @throws what a value can only do that the other side's {@link encode} did not make */
export function decode(value: unknown, passed: Passed): unknown {
  if (isData(value) || typeof value !== 'object' || value === null) return value;
  const below = (member: unknown): unknown => decode(member, passed);
  if (Array.isArray(value)) return value.map(below);
  if (value instanceof Map) return new Map([...value].map(([key, member]) => [below(key), below(member)]));
  if (value instanceof Set) return new Set([...value].map(below));
  if (!isMarked(value)) return mapped(value as Readonly<Record<string, unknown>>, below);
  switch (value[mark]) {
    case 'function':
      return passed.function(value.id);
    case 'stream':
      return passed.stream(value.id);
    case 'signal':
      return passed.signal(value.id, value.aborted && { reason: below(value.aborted.reason) });
    case 'error': {
      const { error, reason } = value;
      // Whoever aborts looks for the very reason that was given.
      const own = reason === undefined ? undefined : passed.reason(reason);
      if (own !== undefined) return own;
      return rebuiltError({ ...error, cause: below(error.cause), fields: mapped(error.fields, below) }, passed.faults);
    }
    case 'data':
      return mapped(value.value, below);
  }
}

function marked(value: Marked): Marked {
  return value;
}

function isMarked(value: object): value is Marked {
  return Object.hasOwn(value, mark);
}

/** Deeper than any data of a port, so that what holds itself is not followed for ever. */
const deepData = 32;

/** Whether a structured clone carries it, with all that it holds: then there is nothing to mark, and no copy to make of it. */
function isData(value: unknown, depth = 0): boolean {
  if (typeof value !== 'object' || value === null) return typeof value !== 'function';
  if (isWhole(value)) return true;
  if (depth === deepData) return false;
  if (Array.isArray(value)) return value.every((member) => isData(member, depth + 1));
  const prototype: unknown = Object.getPrototypeOf(value);
  if ((prototype !== Object.prototype && prototype !== null) || isStream(value)) return false;
  for (const [key, member] of Object.entries(value)) if (key === mark || !isData(member, depth + 1)) return false;
  return true;
}

/** What a structured clone carries as it is. */
function isWhole(value: object): boolean {
  return ArrayBuffer.isView(value) || value instanceof ArrayBuffer || value instanceof Date;
}

function isStream(value: object): value is AsyncIterable<unknown> {
  return Symbol.asyncIterator in value;
}

/** `fromEntries` defines own members, so that a key called `__proto__` is a key like any other. */
function mapped(
  value: Readonly<Record<string, unknown>>,
  of: (member: unknown) => unknown,
): Readonly<Record<string, unknown>> {
  return Object.fromEntries(Object.entries(value).map(([key, member]) => [key, of(member)]));
}
