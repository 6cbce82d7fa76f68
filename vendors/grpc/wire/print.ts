import type { ProtoField, ProtoFile, ProtoMessage, ProtoMethod } from './model.js';
import { wellKnown } from './model.js';
import { protoPackage } from './names.js';

/**
 * The .proto (proto3) of a description with numbers.
 *
 * @param head comment for the top of the file
 */
export function printProto(file: ProtoFile, head: readonly string[] = []): string {
  const named = typeNames(file);
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
      ...methods.flatMap((method, index) => [...(index > 0 ? [''] : []), ...methodLines(named, method)]),
      '}',
    ]),
    ...tops.flatMap((message) => ['', ...messageLines(file, named, message, '')]),
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
  named: TypeName,
  { name, request, response, streams, comment: said, idempotency }: ProtoMethod,
): string[] {
  const head = `  rpc ${name}(${named(request)}) returns (${streams ? 'stream ' : ''}${named(response)})`;
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

function messageLines(file: ProtoFile, named: TypeName, message: ProtoMessage, indent: string): string[] {
  const { name, fields, reserved } = message;
  const nested = childrenOf(file, name);
  const head = [...comment(message.comment, indent), `${indent}message ${lastOf(name)} {`];
  if (fields.length + reserved.length + nested.length === 0) return [...head.slice(0, -1), `${head.at(-1)}}`];
  const inner = `${indent}  `;
  return [
    ...head,
    ...(reserved.length > 0 ? [`${inner}reserved ${reserved.join(', ')};`] : []),
    ...fields.toSorted((a, b) => a.number - b.number).flatMap((field) => fieldLines(named, field, inner)),
    ...nested.flatMap((each) => ['', ...messageLines(file, named, each, inner)]),
    `${indent}}`,
  ];
}

function fieldLines(named: TypeName, field: ProtoField, indent: string): string[] {
  const { name, number, shape, type, comment: said } = field;
  const short = named(type);
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

/**
 * How a type is named: short in its own package. Names are looked up from the inside to the outside, and methods and
 * fields count, so that some would be found before what is meant: the dot begins at the outside.
 */
function typeNames(file: ProtoFile): (type: string) => string {
  const inner = new Set([
    ...[...file.messages.keys()].filter((name) => parentOf(name) !== protoPackage).map(lastOf),
    ...file.services.flatMap(({ methods }) => methods.map(({ name }) => name)),
    ...[...file.messages.values()].flatMap(({ fields }) => fields.map(({ name }) => name)),
  ]);
  return (type) => {
    const own = type.startsWith(`${protoPackage}.`);
    const short = own ? type.slice(protoPackage.length + 1) : type;
    return inner.has(short.replace(/\..*$/, '')) ? `.${type}` : short;
  };
}

type TypeName = ReturnType<typeof typeNames>;

function comment(lines: readonly string[], indent: string): string[] {
  return lines.flatMap((line) => line.split('\n')).map((line) => `${indent}// ${line}`.trimEnd());
}
