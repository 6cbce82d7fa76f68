import protobuf, { type Reader, type Writer } from 'protobufjs/minimal.js';
import { type ElementCodec, elementCodec, Misfit } from './element.js';
import { additionalMembers, type ProtoField, type ProtoFile, type ProtoMessage, wellKnown } from './model.js';
import { checkDepth, endOf, Malformed, readString, readStruct, setMember, writeStruct } from './value.js';

export { Misfit } from './element.js';
export { Malformed } from './value.js';

/** JSON values of one message to bytes and back. */
export interface MessageCodec {
  /** @throws {@link Misfit} when the value is not of the message's form */
  encode(value: unknown): Uint8Array;
  /** @throws {@link Malformed} */
  decode(bytes: Uint8Array): unknown;
}

interface Members {
  write(writer: Writer, value: unknown): void;
  read(reader: Reader, end: number, depth: number): unknown;
}

/** What becomes of members that a message has no room for: an answer may do without them, an input may not. */
export type Undeclared = 'left out' | 'misfit';

/**
 * Codecs of a file's messages. What a message says of itself is looked at once, when it is first met: a call only runs
 * through the functions that were made then.
 */
export function codecs(file: ProtoFile, undeclared: Undeclared = 'left out'): (message: string) => MessageCodec {
  const compiled = new Map<string, Members>();
  const membersOf = (name: string): Members => {
    const known = compiled.get(name);
    if (known) return known;
    const message = file.messages.get(name);
    if (!message) throw new Error(`there is no message ${name}`);
    const later: { members?: Members } = {};
    // A message that refers to itself finds this while it is being made.
    compiled.set(name, {
      write: (writer, value) => later.members?.write(writer, value),
      read: (reader, end, depth) => later.members?.read(reader, end, depth),
    });
    later.members = compile(message, membersOf, undeclared);
    compiled.set(name, later.members);
    return later.members;
  };
  return (name) => {
    if (name === wellKnown.empty) return emptyCodec;
    const members = membersOf(name);
    return {
      encode: (value) => {
        const writer = protobuf.Writer.create();
        members.write(writer, value);
        return writer.finish();
      },
      decode: (bytes) => guarded(bytes, members),
    };
  };
}

const emptyCodec: MessageCodec = { encode: () => new Uint8Array(0), decode: () => ({}) };

function guarded(bytes: Uint8Array, members: Members): unknown {
  try {
    const reader = protobuf.Reader.create(bufferOf(bytes));
    return members.read(reader, reader.len, 0);
  } catch (cause) {
    if (cause instanceof Malformed) throw cause;
    // The reader's own words are of offsets, which nobody can use.
    throw new Malformed('is no message of this type', { cause });
  }
}

/** A view of the same bytes: texts are read by what only a Buffer has. */
function bufferOf(bytes: Uint8Array): Buffer {
  return Buffer.isBuffer(bytes) ? bytes : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

function compile(message: ProtoMessage, membersOf: (name: string) => Members, undeclared: Undeclared): Members {
  const fields = message.fields.map((field) => fieldCodec(field, membersOf));
  const [only] = fields;
  if ((message.form === 'list' || message.form === 'map') && only) return alone(only);
  return object(fields, undeclared);
}

interface FieldCodec {
  readonly field: ProtoField;
  /** A value that is there. */
  write(writer: Writer, value: unknown): void;
  /** @param before what earlier parts of the field came to: a list or map grows part by part */
  read(reader: Reader, wireType: number, before: unknown, depth: number): unknown;
  /** Whether a part of this wire type is one of the field. */
  fits(wireType: number): boolean;
  /** What it is when nothing of it was there; nothing has presence then. */
  absent(): unknown;
}

function fieldCodec(field: ProtoField, membersOf: (name: string) => Members): FieldCodec {
  const element = elementCodec(field.type) ?? nested(membersOf, field.type);
  switch (field.shape) {
    case 'single':
      return single(field, element);
    case 'repeated':
      return repeated(field, element);
    case 'map':
      return map(field, element);
  }
}

function nested(membersOf: (name: string) => Members, type: string): ElementCodec {
  const members = membersOf(type);
  return {
    wireType: 2,
    write: (writer, value) => {
      writer.fork();
      members.write(writer, value);
      writer.ldelim();
    },
    read: (reader, depth) => {
      checkDepth(depth);
      return members.read(reader, endOf(reader), depth + 1);
    },
  };
}

function single(field: ProtoField, element: ElementCodec): FieldCodec {
  const tag = ((field.number << 3) | element.wireType) >>> 0;
  return {
    field,
    write: (writer, value) => element.write(writer.uint32(tag), value),
    read: (reader, _wireType, _before, depth) => element.read(reader, depth),
    fits: (wireType) => wireType === element.wireType,
    absent: () => undefined,
  };
}

/** Numbers are written packed, and read either way (protobuf encoding guide). */
function repeated(field: ProtoField, element: ElementCodec): FieldCodec {
  const packed = element.wireType !== 2;
  const tag = ((field.number << 3) | 2) >>> 0;
  return {
    field,
    write: (writer, value) => {
      if (!Array.isArray(value)) throw new Misfit('a list', value);
      if (packed) {
        if (value.length === 0) return;
        writer.uint32(tag).fork();
        eachItem(value, (item) => element.write(writer, item));
        writer.ldelim();
      } else {
        eachItem(value, (item) => element.write(writer.uint32(tag), item));
      }
    },
    read: (reader, wireType, before, depth) => {
      const list = (before ?? []) as unknown[];
      if (!packed || wireType !== 2) {
        list.push(element.read(reader, depth));
        return list;
      }
      const end = endOf(reader);
      while (reader.pos < end) list.push(element.read(reader, depth));
      return list;
    },
    fits: (wireType) => wireType === 2 || wireType === element.wireType,
    absent: () => [],
  };
}

function eachItem(list: readonly unknown[], write: (item: unknown) => void): void {
  let at = 0;
  try {
    for (const item of list) {
      write(item);
      at++;
    }
  } catch (error) {
    throw error instanceof Misfit ? error.within(String(at)) : error;
  }
}

function map(field: ProtoField, element: ElementCodec): FieldCodec {
  const tag = ((field.number << 3) | 2) >>> 0;
  const valueTag = (2 << 3) | element.wireType;
  return {
    field,
    write: (writer, value) => {
      if (!isObject(value)) throw new Misfit('an object', value);
      for (const [key, member] of Object.entries(value)) {
        if (member === undefined) continue;
        writer.uint32(tag).fork().uint32(10).string(key);
        try {
          element.write(writer.uint32(valueTag), member);
        } catch (error) {
          throw error instanceof Misfit ? error.within(key) : error;
        }
        writer.ldelim();
      }
    },
    read: (reader, _wireType, before, depth) => {
      const record = (before ?? {}) as object;
      const end = endOf(reader);
      let key = '';
      let value: unknown;
      while (reader.pos < end) {
        const head = reader.uint32();
        if (head === 10) key = readString(reader);
        else if (head === valueTag) value = element.read(reader, depth);
        else reader.skipType(head & 7);
      }
      setMember(record, key, value ?? element.zero?.() ?? {});
      return record;
    },
    fits: (wireType) => wireType === 2,
    absent: () => ({}),
  };
}

/** A message that stands for its one field: the presence of the message is that of the list or map. */
function alone(codec: FieldCodec): Members {
  return {
    write: (writer, value) => codec.write(writer, value),
    read: (reader, end, depth) => {
      let value: unknown;
      while (reader.pos < end) {
        const head = reader.uint32();
        if (head >>> 3 === codec.field.number && codec.fits(head & 7))
          value = codec.read(reader, head & 7, value, depth);
        else reader.skipType(head & 7);
      }
      return value ?? codec.absent();
    },
  };
}

function object(all: readonly FieldCodec[], undeclared: Undeclared): Members {
  const rest = all.find(({ field }) => field.json === additionalMembers);
  const fields = all.filter((codec) => codec !== rest);
  const declared = new Set(fields.map(({ field }) => field.json));
  const byNumber = new Map(fields.map((codec) => [codec.field.number, codec]));
  const always = fields.filter(({ field }) => field.shape !== 'single');
  const restTag = rest === undefined ? undefined : ((rest.field.number << 3) | 2) >>> 0;
  const inherited = fields.some(({ field }) => field.json in Object.prototype);

  const write = (writer: Writer, value: unknown): void => {
    if (!isObject(value)) throw new Misfit('an object', value);
    for (const { field, write: writeField } of fields) {
      const member = inherited && !Object.hasOwn(value, field.json) ? undefined : value[field.json];
      if (member === undefined) continue;
      try {
        writeField(writer, member);
      } catch (error) {
        throw error instanceof Misfit ? error.within(field.json) : error;
      }
    }
    if (restTag === undefined && undeclared === 'left out') return;
    for (const name of Object.keys(value)) {
      if (declared.has(name) || value[name] === undefined) continue;
      if (restTag === undefined) throw new Misfit('no such member', value[name]).within(name);
      writer.uint32(restTag).fork();
      writeStruct(writer, value, declared);
      writer.ldelim();
      return;
    }
  };

  const read = (reader: Reader, end: number, depth: number): unknown => {
    const value: Record<string, unknown> = {};
    let additional: { readonly from: number; readonly to: number }[] | undefined;
    while (reader.pos < end) {
      const head = reader.uint32();
      const codec = byNumber.get(head >>> 3);
      if (codec?.fits(head & 7)) {
        const { json } = codec.field;
        const before = inherited && !Object.hasOwn(value, json) ? undefined : value[json];
        setMember(value, json, codec.read(reader, head & 7, before, depth));
      } else if (head === restTag) {
        const to = endOf(reader);
        additional ??= [];
        additional.push({ from: reader.pos, to });
        reader.pos = to;
      } else {
        reader.skipType(head & 7);
      }
    }
    for (const { field, absent } of always) {
      if (!Object.hasOwn(value, field.json)) setMember(value, field.json, absent());
    }
    if (additional) {
      for (const { from, to } of additional) {
        reader.pos = from;
        readStruct(reader, to, depth + 1, value);
      }
      reader.pos = end;
    }
    if (reader.pos !== end) throw new Malformed('ends before its last field does');
    return value;
  };
  return { write, read };
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
