/**
 * Where everything is in the database. Parts of a key are UTF-16 with the high byte first, so that the order of bytes is
 * that of code units, which the contract asks for; each ends with U+0000, which no part holds.
 */
type Area = 'meta' | 'print' | 'value' | 'index';
const areas: Readonly<Record<Area, number>> = { meta: 0, print: 1, value: 2, index: 3 };

/** A range of keys: those that begin with `gte`, which is a whole number of parts. */
export interface Range {
  readonly gte: Buffer;
  readonly lt: Buffer;
}

export function keyOf(area: Area, ...parts: readonly string[]): Buffer {
  return Buffer.concat([Buffer.of(areas[area]), ...parts.map((part) => utf16(`${part}\0`))]);
}

export function below(area: Area, ...parts: readonly string[]): Range {
  const gte = keyOf(area, ...parts);
  const lt = Buffer.from(gte);
  // What comes after U+0000 is U+0001: no key that begins with these parts has it there.
  const last = lt.length - 1;
  lt[last] = (lt[last] ?? 0) + 1;
  return { gte, lt };
}

/** The last part of a key. */
export function lastPart(key: Buffer, range: Range): string {
  const bytes = Buffer.from(key.subarray(range.gte.length, -2));
  return bytes.swap16().toString('utf16le');
}

/** The key of a part that begins a page: itself, or the first one after it. */
export function startAt(range: Range, from: string, inclusive: boolean): Buffer {
  const key = Buffer.concat([range.gte, utf16(from)]);
  return inclusive ? key : Buffer.concat([key, Buffer.of(0, 1)]);
}

const utf16 = (text: string): Buffer => Buffer.from(text, 'utf16le').swap16();
