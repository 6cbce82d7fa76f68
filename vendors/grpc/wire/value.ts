import { isUtf8 } from 'node:buffer';
import type { Reader, Writer } from 'protobufjs/minimal.js';

/** More than any input may nest (the gate says so, in its own words), and far less than a stack can take. */
const mostLevels = 250;

/** Bytes that are no message of the kind expected. The text is for the caller. */
export class Malformed extends Error {
  override readonly name = 'Malformed';
}

export function checkDepth(depth: number): void {
  if (depth > mostLevels) throw new Malformed(`nests more than ${mostLevels} levels deep`);
}

const tag = (number: number, wireType: number): number => (number << 3) | wireType;
const wire = { varint: 0, double: 1, bytes: 2 } as const;

/** A JSON value as the content of a `google.protobuf.Value`. What JSON leaves out or makes null is treated alike. */
export function writeValue(writer: Writer, given: unknown): void {
  const value = plain(given);
  switch (typeof value) {
    case 'string':
      writer.uint32(tag(3, wire.bytes)).string(value);
      return;
    case 'boolean':
      writer.uint32(tag(4, wire.varint)).bool(value);
      return;
    case 'number':
      if (Number.isFinite(value)) writer.uint32(tag(2, wire.double)).double(value);
      else writer.uint32(tag(1, wire.varint)).int32(0);
      return;
    case 'object':
      if (value === null) break;
      if (Array.isArray(value)) {
        writer.uint32(tag(6, wire.bytes)).fork();
        for (const item of value) {
          writer.uint32(tag(1, wire.bytes)).fork();
          writeValue(writer, item);
          writer.ldelim();
        }
      } else {
        writer.uint32(tag(5, wire.bytes)).fork();
        writeStruct(writer, value, nobody);
      }
      writer.ldelim();
      return;
    default:
  }
  writer.uint32(tag(1, wire.varint)).int32(0);
}

const nobody: ReadonlySet<string> = new Set();

/** The members of an object as the content of a `google.protobuf.Struct`. */
export function writeStruct(writer: Writer, value: object, without: ReadonlySet<string>): void {
  for (const [name, member] of Object.entries(value)) {
    if (member === undefined || typeof member === 'function' || without.has(name)) continue;
    writer.uint32(tag(1, wire.bytes)).fork();
    writer.uint32(tag(1, wire.bytes)).string(name);
    writer.uint32(tag(2, wire.bytes)).fork();
    writeValue(writer, member);
    writer.ldelim().ldelim();
  }
}

/** A value as JSON would write it. */
export function plain(value: unknown): unknown {
  return typeof value === 'object' && value !== null && 'toJSON' in value && typeof value.toJSON === 'function'
    ? (value.toJSON() as unknown)
    : value;
}

export function readValue(reader: Reader, end: number, depth: number): unknown {
  checkDepth(depth);
  let found: unknown;
  while (reader.pos < end) {
    const head = reader.uint32();
    switch (head) {
      case tag(1, wire.varint):
        reader.int32();
        found = null;
        break;
      case tag(2, wire.double):
        found = reader.double();
        break;
      case tag(3, wire.bytes):
        found = readString(reader);
        break;
      case tag(4, wire.varint):
        found = reader.bool();
        break;
      case tag(5, wire.bytes):
        found = {};
        readStruct(reader, endOf(reader), depth + 1, found as object);
        break;
      case tag(6, wire.bytes):
        found = readList(reader, endOf(reader), depth + 1);
        break;
      default:
        reader.skipType(head & 7);
    }
  }
  if (found === undefined) throw new Malformed('has a google.protobuf.Value of no kind');
  return found;
}

/** Members that `target` has already stay as they are. */
export function readStruct(reader: Reader, end: number, depth: number, target: object): void {
  while (reader.pos < end) {
    const head = reader.uint32();
    if (head !== tag(1, wire.bytes)) {
      reader.skipType(head & 7);
      continue;
    }
    const entryEnd = endOf(reader);
    let name = '';
    let value: unknown;
    while (reader.pos < entryEnd) {
      const part = reader.uint32();
      if (part === tag(1, wire.bytes)) name = readString(reader);
      else if (part === tag(2, wire.bytes)) value = readValue(reader, endOf(reader), depth + 1);
      else reader.skipType(part & 7);
    }
    if (value === undefined) throw new Malformed('has a google.protobuf.Struct with a member of no value');
    if (!Object.hasOwn(target, name)) setMember(target, name, value);
  }
}

function readList(reader: Reader, end: number, depth: number): unknown[] {
  const list: unknown[] = [];
  while (reader.pos < end) {
    const head = reader.uint32();
    if (head === tag(1, wire.bytes)) list.push(readValue(reader, endOf(reader), depth + 1));
    else reader.skipType(head & 7);
  }
  return list;
}

/** Where the part of a message ends that begins here with its length. */
export function endOf(reader: Reader): number {
  const end = reader.uint32() + reader.pos;
  if (end > reader.len) throw new Malformed('ends before its last field does');
  return end;
}

/** UTF-8, and nothing else: what is not would be another text on the way back. */
export function readString(reader: Reader): string {
  const end = endOf(reader);
  const bytes = reader.buf as Buffer;
  const text = bytes.toString('utf8', reader.pos, end);
  if (text.includes('\uFFFD') && !isUtf8(bytes.subarray(reader.pos, end))) {
    throw new Malformed('has a text that is no UTF-8');
  }
  reader.pos = end;
  return text;
}

/** A member of its own, whatever it is called: by assignment, `__proto__` would be something else. */
export function setMember(target: object, name: string, value: unknown): void {
  if (name === '__proto__') {
    Object.defineProperty(target, name, { value, writable: true, enumerable: true, configurable: true });
  } else {
    (target as Record<string, unknown>)[name] = value;
  }
}
