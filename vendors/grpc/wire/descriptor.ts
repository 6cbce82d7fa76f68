import protobuf from 'protobufjs';
import descriptor from 'protobufjs/ext/descriptor/index.js';
import { isScalar, type ProtoField, type ProtoFile, type ProtoMessage, type Scalar } from './model.js';
import { pascal, protoPackage, snake } from './names.js';
import { childrenOf, importsOf, jsonNameOf, lastOf, levelOf } from './print.js';

/** Path of the .proto as reflection names it. */
export const protoPath = 'tutti/v1/tutti.proto';

const scalarTypes = { double: 1, int64: 3, bool: 8, string: 9, bytes: 12 } as const satisfies Record<Scalar, number>;
const typeMessage = 11;
const labels = { optional: 1, repeated: 3 } as const;
const levels = { NO_SIDE_EFFECTS: 1, IDEMPOTENT: 2 } as const;

/** A description with numbers as the bytes of a google.protobuf.FileDescriptorProto, for reflection. */
export function fileDescriptor(file: ProtoFile): Uint8Array {
  const { FileDescriptorProto } = descriptor;
  const proto = FileDescriptorProto.fromObject({
    name: protoPath,
    package: protoPackage,
    syntax: 'proto3',
    dependency: importsOf(file),
    messageType: childrenOf(file, protoPackage).map((message) => messageDescriptor(file, message)),
    service: file.services.map(({ name, methods }) => ({
      name: lastOf(name),
      method: methods.map(({ name: method, request, response, streams, idempotency }) => {
        const level = levelOf(idempotency);
        return {
          name: method,
          inputType: `.${request}`,
          outputType: `.${response}`,
          ...(streams && { serverStreaming: true }),
          ...(level !== undefined && { options: { idempotencyLevel: levels[level] } }),
        };
      }),
    })),
  });
  return FileDescriptorProto.encode(proto).finish();
}

function messageDescriptor(file: ProtoFile, { name, fields, reserved }: ProtoMessage): object {
  const optional = fields.filter(({ shape }) => shape === 'single');
  return {
    name: lastOf(name),
    field: fields.map((field) => fieldDescriptor(name, field, optional.indexOf(field))),
    // How proto3 writes presence down: each optional field in a oneof of its own.
    oneofDecl: optional.map((field) => ({ name: `_${field.name}` })),
    nestedType: [
      ...childrenOf(file, name).map((nested) => messageDescriptor(file, nested)),
      ...fields.filter(({ shape }) => shape === 'map').map(entryDescriptor),
    ],
    reservedRange: reserved.map((number) => ({ start: number, end: number + 1 })),
  };
}

function fieldDescriptor(parent: string, field: ProtoField, oneof: number): object {
  const { name, number, shape, type } = field;
  const common = {
    name,
    number,
    jsonName: jsonNameOf(field),
    label: shape === 'single' ? labels.optional : labels.repeated,
  };
  if (shape === 'map') return { ...common, type: typeMessage, typeName: `.${parent}.${entryName(name)}` };
  return {
    ...common,
    ...typeOf(type),
    ...(shape === 'single' && { oneofIndex: oneof, proto3Optional: true }),
  };
}

/** What protoc makes of a map: repeated messages of key and value. */
function entryDescriptor({ name, type }: ProtoField): object {
  return {
    name: entryName(name),
    field: [
      { name: 'key', number: 1, label: labels.optional, jsonName: 'key', ...typeOf('string') },
      { name: 'value', number: 2, label: labels.optional, jsonName: 'value', ...typeOf(type) },
    ],
    options: { mapEntry: true },
  };
}

function typeOf(type: string): object {
  return isScalar(type) ? { type: scalarTypes[type] } : { type: typeMessage, typeName: `.${type}` };
}

function entryName(field: string): string {
  return `${pascal(field)}Entry`;
}

/** Descriptors of the well-known types that descriptions use, as the library has them. */
export function wellKnownDescriptors(): Uint8Array[] {
  return ['google/protobuf/struct.proto', 'google/protobuf/empty.proto'].map((path) => {
    const root = protobuf.Root.fromJSON(protobuf.common.get(path) ?? {});
    return describedBy(root, path);
  });
}

/** Of a .proto file that a library brings along, without imports. */
export function loadedDescriptor(path: string, name: string): Uint8Array {
  return describedBy(protobuf.loadSync(path), name);
}

interface DescribedFile {
  name: string;
  messageType?: DescribedMessage[];
}
interface DescribedMessage {
  name: string;
  field?: { name: string; jsonName?: string; typeName?: string }[];
  nestedType?: DescribedMessage[];
  options?: { mapEntry?: boolean };
}

function describedBy(root: protobuf.Root, name: string): Uint8Array {
  root.resolveAll();
  // The method is there since the descriptor extension was loaded; its types do not say so.
  const { toDescriptor } = root as unknown as { toDescriptor(edition: string): { file: DescribedFile[] } };
  const [own] = toDescriptor.call(root, 'proto3').file;
  if (!own) throw new Error(`${name} describes nothing`);
  own.name = name;
  for (const message of own.messageType ?? []) correct(message);
  return descriptor.FileDescriptorProto.encode(own as object).finish();
}

/** The library keeps fields by their JSON names, and calls what a map is made of after its field alone. */
function correct({ field = [], nestedType = [] }: DescribedMessage): void {
  for (const each of field) {
    const entry = nestedType.find(({ name, options }) => options?.mapEntry === true && name === each.typeName);
    each.jsonName = each.name;
    each.name = snake(each.name);
    if (!entry) continue;
    entry.name = entryName(each.name);
    each.typeName = entry.name;
  }
  for (const nested of nestedType) correct(nested);
}
