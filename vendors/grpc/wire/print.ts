import type { ProtoField, ProtoFile, ProtoMessage, ProtoMethod } from './model.js';
import { wellKnown } from './model.js';
import { protoPackage } from './names.js';

/**
 * The .proto (proto3) of a description with numbers.
 *
 * @param head comment for the top of the file
 */
export function printProto(file: ProtoFile, head: readonly string[] = []): string {
  const tops = [...file.messages.values()].filter(({ name }) => parentOf(name) === protoPackage);
  return [
    ...comment(head, ''),
    'syntax = "proto3";',
    '',
    `package ${protoPackage};`,
    '',
    ...importsOf(file).map((path) => `import "${path}";`),
    ...file.services.flatMap(({ name, methods }) => [
      '',
      `service ${lastOf(name)} {`,
      ...methods.flatMap((method, index) => [...(index > 0 ? [''] : []), ...methodLines(file, method)]),
      '}',
    ]),
    ...tops.flatMap((message) => ['', ...messageLines(file, message, '')]),
    '',
  ].join('\n');
}

/** Files of well-known types that a description uses. */
export function importsOf(file: ProtoFile): string[] {
  const types = new Set([
    ...file.services.flatMap(({ methods }) => methods.flatMap(({ request, response }) => [request, response])),
    ...[...file.messages.values()].flatMap(({ fields }) => fields.map(({ type }) => type)),
  ]);
  return [
    ...(types.has(wellKnown.empty) ? ['google/protobuf/empty.proto'] : []),
    ...(types.has(wellKnown.struct) || types.has(wellKnown.value) ? ['google/protobuf/struct.proto'] : []),
  ];
}

/** Messages right within another one, or within the package. */
export function childrenOf(file: ProtoFile, parent: string): ProtoMessage[] {
  return [...file.messages.values()].filter(({ name }) => parentOf(name) === parent);
}

export function lastOf(name: string): string {
  return name.slice(name.lastIndexOf('.') + 1);
}

function parentOf(name: string): string {
  return name.slice(0, name.lastIndexOf('.'));
}

function methodLines(
  file: ProtoFile,
  { name, request, response, streams, comment: said, idempotency }: ProtoMethod,
): string[] {
  const head = `  rpc ${name}(${typeName(file, request)}) returns (${streams ? 'stream ' : ''}${typeName(file, response)})`;
  const level = levelOf(idempotency);
  return [
    ...comment(said, '  '),
    ...(level === undefined ? [`${head};`] : [`${head} {`, `    option idempotency_level = ${level};`, '  }']),
  ];
}

/** google.protobuf.MethodOptions.IdempotencyLevel. */
export function levelOf(idempotency: ProtoMethod['idempotency']): 'NO_SIDE_EFFECTS' | 'IDEMPOTENT' | undefined {
  return idempotency === 'safe' ? 'NO_SIDE_EFFECTS' : idempotency === 'idempotent' ? 'IDEMPOTENT' : undefined;
}

function messageLines(file: ProtoFile, message: ProtoMessage, indent: string): string[] {
  const { name, fields, reserved } = message;
  const nested = childrenOf(file, name);
  const head = [...comment(message.comment, indent), `${indent}message ${lastOf(name)} {`];
  if (fields.length + reserved.length + nested.length === 0) return [...head.slice(0, -1), `${head.at(-1)}}`];
  const inner = `${indent}  `;
  return [
    ...head,
    ...(reserved.length > 0 ? [`${inner}reserved ${reserved.join(', ')};`] : []),
    ...fields.toSorted((a, b) => a.number - b.number).flatMap((field) => fieldLines(file, field, inner)),
    ...nested.flatMap((each) => ['', ...messageLines(file, each, inner)]),
    `${indent}}`,
  ];
}

function fieldLines(file: ProtoFile, field: ProtoField, indent: string): string[] {
  const { name, number, shape, type, comment: said } = field;
  const short = typeName(file, type);
  const form = shape === 'map' ? `map<string, ${short}>` : `${shape === 'repeated' ? 'repeated' : 'optional'} ${short}`;
  const json = jsonNameOf(field);
  const option = json === camel(name) ? '' : ` [json_name = ${JSON.stringify(json)}]`;
  return [...comment(said, indent), `${indent}${form} ${name} = ${number}${option};`];
}

/** The name that JSON of protobuf gives the field: ours, but for what has none. */
export function jsonNameOf({ json, name }: ProtoField): string {
  return json === '*' ? camel(name) : json;
}

/** What protoc makes of a field's name by itself. */
function camel(name: string): string {
  return name.replaceAll(/_+(.?)/g, (_all, next: string) => next.toUpperCase());
}

/** Short for messages of the package, where no nested message of that name could be meant. */
function typeName(file: ProtoFile, type: string): string {
  if (!type.startsWith(`${protoPackage}.`)) return type;
  const short = type.slice(protoPackage.length + 1);
  const [first = ''] = short.split('.');
  const hidden = [...file.messages.keys()].some((name) => parentOf(name) !== protoPackage && lastOf(name) === first);
  return hidden ? `.${type}` : short;
}

function comment(lines: readonly string[], indent: string): string[] {
  return lines.flatMap((line) => line.split('\n')).map((line) => `${indent}// ${line}`.trimEnd());
}
