import protobuf, { type Reader, type Writer } from 'protobufjs/minimal.js';
import type { FieldFault } from '../../../core/operation/index.js';
import { endOf, readString, readStruct, writeStruct } from './value.js';

/** What a google.rpc.Status holds for us (google/rpc/status.proto and error_details.proto). */
export interface StatusDetails {
  readonly code: number;
  readonly message: string;
  /** google.rpc.ErrorInfo. */
  readonly info: {
    readonly reason: string;
    readonly domain: string;
    readonly metadata: Readonly<Record<string, string>>;
  };
  /** google.rpc.BadRequest. */
  readonly violations: readonly FieldFault[];
  /** google.rpc.RetryInfo. */
  readonly retryAfterSeconds: number | undefined;
  /** The problem's body as a google.protobuf.Struct. */
  readonly body: Readonly<Record<string, unknown>> | undefined;
}

const prefix = 'type.googleapis.com/';
const types = {
  info: `${prefix}google.rpc.ErrorInfo`,
  badRequest: `${prefix}google.rpc.BadRequest`,
  retry: `${prefix}google.rpc.RetryInfo`,
  body: `${prefix}google.protobuf.Struct`,
} as const;

/** A field of a message, text or bytes: number and wire type 2. */
const at = (number: number): number => (number << 3) | 2;
const nobody: ReadonlySet<string> = new Set();

export function encodeDetails({ code, message, info, violations, retryAfterSeconds, body }: StatusDetails): Uint8Array {
  const writer = protobuf.Writer.create();
  writer.uint32(8).int32(code).uint32(at(2)).string(message);
  any(writer, types.info, () => {
    writer.uint32(at(1)).string(info.reason).uint32(at(2)).string(info.domain);
    for (const [name, value] of Object.entries(info.metadata)) {
      writer.uint32(at(3)).fork().uint32(at(1)).string(name).uint32(at(2)).string(value).ldelim();
    }
  });
  if (violations.length > 0) {
    any(writer, types.badRequest, () => {
      for (const { field, message: said } of violations) {
        writer.uint32(at(1)).fork().uint32(at(1)).string(field).uint32(at(2)).string(said).ldelim();
      }
    });
  }
  if (retryAfterSeconds !== undefined) {
    any(writer, types.retry, () => writer.uint32(at(1)).fork().uint32(8).int64(Math.ceil(retryAfterSeconds)).ldelim());
  }
  if (body) any(writer, types.body, () => writeStruct(writer, body, nobody));
  return writer.finish();
}

function any(writer: Writer, type: string, content: () => void): void {
  writer.uint32(at(3)).fork().uint32(at(1)).string(type).uint32(at(2)).fork();
  content();
  writer.ldelim().ldelim();
}

/** @returns `undefined` for what is none */
export function decodeDetails(
  bytes: Uint8Array,
): Pick<StatusDetails, 'violations' | 'retryAfterSeconds' | 'body'> | undefined {
  const found: {
    violations: FieldFault[];
    retryAfterSeconds: number | undefined;
    body: Record<string, unknown> | undefined;
  } = {
    violations: [],
    retryAfterSeconds: undefined,
    body: undefined,
  };
  try {
    const reader = protobuf.Reader.create(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength));
    eachPart(reader, reader.len, 3, (end) => {
      let type = '';
      let content: { readonly from: number; readonly to: number } | undefined;
      while (reader.pos < end) {
        const head = reader.uint32();
        if (head === at(1)) type = readString(reader);
        else if (head === at(2)) {
          const to = endOf(reader);
          content = { from: reader.pos, to };
          reader.pos = to;
        } else reader.skipType(head & 7);
      }
      if (!content) return;
      reader.pos = content.from;
      if (type === types.body) {
        found.body = {};
        readStruct(reader, content.to, 0, found.body);
      } else if (type === types.badRequest) {
        eachPart(reader, content.to, 1, (to) => found.violations.push(violation(reader, to)));
      } else if (type === types.retry) {
        eachPart(reader, content.to, 1, (to) => {
          while (reader.pos < to) {
            const head = reader.uint32();
            if (head === 8) found.retryAfterSeconds = Number(reader.int64());
            else reader.skipType(head & 7);
          }
        });
      }
      reader.pos = end;
    });
    return found;
  } catch {
    // A foreign server may put anything here; the code and the message still say what happened.
    return undefined;
  }
}

/** Each message in the repeated field `number`. */
function eachPart(reader: Reader, end: number, number: number, read: (end: number) => void): void {
  while (reader.pos < end) {
    const head = reader.uint32();
    if (head === at(number)) read(endOf(reader));
    else reader.skipType(head & 7);
  }
}

function violation(reader: Reader, end: number): FieldFault {
  const found = { field: '', message: '' };
  while (reader.pos < end) {
    const head = reader.uint32();
    if (head === at(1)) found.field = readString(reader);
    else if (head === at(2)) found.message = readString(reader);
    else reader.skipType(head & 7);
  }
  return found;
}
