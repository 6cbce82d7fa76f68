import type { Reader, Writer } from 'protobufjs/minimal.js';
import { isScalar, type Scalar, wellKnown } from './model.js';
import { endOf, plain, readString, readStruct, readValue, writeStruct, writeValue } from './value.js';

/** A value that is not of the form that the message has for it. */
export class Misfit extends Error {
  override readonly name = 'Misfit';
  readonly path: string[] = [];

  constructor(expected: string, found: unknown) {
    super(`expected ${expected}, found ${kindOf(found)}`);
  }

  /** The same, seen from one level above. */
  within(member: string): this {
    this.path.unshift(member);
    return this;
  }
}

function kindOf(value: unknown): string {
  if (value === null) return 'null';
  if (Array.isArray(value)) return 'a list';
  if (typeof value === 'number' && !Number.isSafeInteger(value)) return `the number ${value}`;
  return typeof value === 'object' ? 'an object' : `a ${typeof value}`;
}

/** One value as it stands behind its tag. */
export interface ElementCodec {
  /** 0: varint, 1: 64 bits, 2: with its length before it. */
  readonly wireType: 0 | 1 | 2;
  write(writer: Writer, value: unknown): void;
  read(reader: Reader, depth: number): unknown;
  /** What stands in a map entry that leaves its value out. */
  zero?(): unknown;
}

/** @returns `undefined` for a message of the file itself */
export function elementCodec(type: string): ElementCodec | undefined {
  if (isScalar(type)) return scalars[type];
  return type === wellKnown.value ? anyValue : type === wellKnown.struct ? anyObject : undefined;
}

const scalars: Readonly<Record<Scalar, ElementCodec>> = {
  string: {
    wireType: 2,
    write: (writer, given) => {
      const value = plain(given);
      if (typeof value !== 'string') throw new Misfit('a text', value);
      writer.string(value);
    },
    read: readString,
    zero: () => '',
  },
  bool: {
    wireType: 0,
    write: (writer, value) => {
      if (typeof value !== 'boolean') throw new Misfit('true or false', value);
      writer.bool(value);
    },
    read: (reader) => reader.bool(),
    zero: () => false,
  },
  int64: {
    wireType: 0,
    write: (writer, value) => {
      if (!Number.isSafeInteger(value)) throw new Misfit('a whole number', value);
      writer.int64(value as number);
    },
    // What is not safe is refused by the schema, as it is when it comes as JSON.
    read: (reader) => Number(reader.int64()),
    zero: () => 0,
  },
  double: {
    wireType: 1,
    write: (writer, value) => {
      if (typeof value !== 'number' || !Number.isFinite(value)) throw new Misfit('a number', value);
      writer.double(value);
    },
    read: (reader) => reader.double(),
    zero: () => 0,
  },
  bytes: {
    wireType: 2,
    write: (writer, value) => {
      if (!(value instanceof Uint8Array)) throw new Misfit('bytes', value);
      writer.bytes(value);
    },
    read: (reader) => reader.bytes(),
    zero: () => new Uint8Array(0),
  },
};

const anyValue: ElementCodec = {
  wireType: 2,
  write: (writer, value) => {
    writer.fork();
    writeValue(writer, value);
    writer.ldelim();
  },
  read: (reader, depth) => readValue(reader, endOf(reader), depth + 1),
};

const anyObject: ElementCodec = {
  wireType: 2,
  write: (writer, given) => {
    const value = plain(given);
    if (typeof value !== 'object' || value === null || Array.isArray(value)) throw new Misfit('an object', value);
    writer.fork();
    writeStruct(writer, value, none);
    writer.ldelim();
  },
  read: (reader, depth) => {
    const value = {};
    readStruct(reader, endOf(reader), depth + 1, value);
    return value;
  },
};

const none: ReadonlySet<string> = new Set();
