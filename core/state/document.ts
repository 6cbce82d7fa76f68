import type { Collection } from '../ports/state.js';

/**
 * A value as it is kept: JSON text, or the bytes of a blob.
 *
 * @experimental
 */
export type Encoded = string | Uint8Array;

/**
 * An index entry of one value.
 *
 * @experimental
 */
export interface IndexEntry {
  readonly index: string;
  readonly equals: string;
}

/**
 * The stored form of a value, taken at once: what the caller does to the value afterwards no longer matters.
 *
 * @throws TypeError when the value is not what the collection holds (plain JSON, or bytes)
 */
export function encodeValue(into: Collection<never>, key: string, value: unknown): Encoded {
  const where = `${into.name}/${key}`;
  if (into.content === 'bytes') {
    if (!(value instanceof Uint8Array)) throw new TypeError(`${where}: the collection holds bytes (Uint8Array)`);
    return new Uint8Array(value);
  }
  return jsonText(value, `${where}: the value`);
}

/**
 * A value to hand out: a frozen document, or a copy of the bytes.
 *
 * @throws TypeError when the value was written as the other kind of content
 * @experimental
 */
export function decodeValue<T>(from: Collection<T>, key: string, encoded: Encoded): T {
  if ((typeof encoded === 'string') !== (from.content === 'json')) {
    throw new TypeError(`${from.name}/${key}: read as ${from.content}, but it was not written so`);
  }
  // The collection's type is the promise that whatever was written into it is a T.
  return (typeof encoded === 'string' ? frozenJson(encoded) : new Uint8Array(encoded)) as T;
}

/**
 * A frozen deep copy of plain JSON.
 *
 * @throws TypeError when it is not
 * @experimental
 */
export function frozenCopy<T>(value: T, what: string): T {
  return frozenJson(jsonText(value, what)) as T;
}

/**
 * What {@link jsonText} was made of, frozen.
 *
 * @experimental
 */
export function frozenJson(text: string): unknown {
  return deepFreeze(JSON.parse(text));
}

/**
 * Everything that the declared indexes say of a value, each entry once.
 *
 * @experimental
 */
export function indexEntries<T>(of: Collection<T>, key: string, value: T): IndexEntry[] {
  return Object.entries(of.indexes).flatMap(([index, entriesOf]) =>
    [...new Set(entriesOf(value))].map((equals) => {
      checkText(equals, `${of.name}/${key}: an entry of the index ${index}`);
      return { index, equals };
    }),
  );
}

/**
 * Keys and index entries are text that every store can keep and compare: well-formed Unicode without U+0000.
 *
 * @throws TypeError naming what is wrong
 */
export function checkText(text: unknown, what: string): asserts text is string {
  if (typeof text !== 'string') throw new TypeError(`${what} must be a string, not ${typeof text}`);
  if (text.includes('\0') || /\p{Surrogate}/u.test(text)) {
    throw new TypeError(`${what} must be well-formed text without U+0000: ${JSON.stringify(text)}`);
  }
}

/**
 * Plain JSON as text.
 *
 * @param what names the value in the error
 * @throws TypeError when it is not
 * @experimental
 */
export function jsonText(value: unknown, what: string): string {
  // First the text: it refuses cycles and big integers, which the walk could not survive.
  const text: string | undefined = JSON.stringify(value);
  const fault = jsonFault(value, what);
  if (text === undefined || fault !== undefined) throw new TypeError(`${fault ?? what} and therefore not JSON`);
  return text;
}

function jsonFault(value: unknown, path: string): string | undefined {
  if (value === null || typeof value === 'string' || typeof value === 'boolean') return undefined;
  if (typeof value === 'number') return Number.isFinite(value) ? undefined : `${path} is ${value}`;
  if (typeof value !== 'object') return `${path} is ${typeof value}`;
  if (Array.isArray(value)) return firstFault(value.entries(), (index) => `${path}[${index}]`);
  const prototype: unknown = Object.getPrototypeOf(value);
  if (prototype !== Object.prototype && prototype !== null) return `${path} is a ${value.constructor.name}`;
  const members = Object.entries(value).filter(([, member]) => member !== undefined);
  return firstFault(members, (name) => `${path}.${name}`);
}

function firstFault<K>(members: Iterable<[K, unknown]>, path: (name: K) => string): string | undefined {
  for (const [name, member] of members) {
    const fault = jsonFault(member, path(name));
    if (fault !== undefined) return fault;
  }
  return undefined;
}

function deepFreeze(value: unknown): unknown {
  if (value !== null && typeof value === 'object') {
    for (const member of Object.values(value)) deepFreeze(member);
    Object.freeze(value);
  }
  return value;
}
