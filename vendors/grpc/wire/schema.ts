import { z } from 'zod';
import type { Operation } from '../../../core/operation/index.js';
import { MessageBuilder } from './message-builder.js';
import type { ProtoFile, ProtoMethod, ProtoService } from './model.js';
import { wellKnown } from './model.js';
import { methodNameOf, protoPackage } from './names.js';
import { representationMessage } from './representation.js';
import { type JsonSchema, SchemaReader } from './schema-reader.js';

/** What a description is made from; that of a mounted operation names its vendor, so that faults can. */
export interface DescribedOperation {
  readonly operation: Operation;
  readonly vendor?: string;
}

/**
 * Services and messages of operations, fields still without numbers. A pure function: the same operations give the same
 * description.
 *
 * @throws Error when two operations would be the same method, naming both
 */
export function describe(operations: readonly DescribedOperation[]): ProtoFile {
  const builder = new MessageBuilder();
  const services = new Map<string, ProtoMethod[]>();
  const taken = new Map<string, DescribedOperation>();
  for (const described of operations) {
    const { service, method } = methodNameOf(described.operation.id);
    const other = taken.get(`${service}/${method}`);
    if (other) throw new Error(clash(other, described, `${service}/${method}`));
    taken.set(`${service}/${method}`, described);
    const methods = services.get(service) ?? [];
    services.set(service, methods);
    methods.push(methodOf(described.operation, builder));
  }
  const sorted: ProtoService[] = [...services]
    .map(([name, methods]) => ({ name, methods: methods.toSorted((a, b) => compare(a.name, b.name)) }))
    .toSorted((a, b) => compare(a.name, b.name));
  return { services: sorted, messages: builder.messages };
}

function methodOf(operation: Operation, builder: MessageBuilder): ProtoMethod {
  const { service, method } = methodNameOf(operation.id);
  const base = service + method;
  return {
    operation: operation.id,
    name: method,
    request: requestOf(operation, base, builder),
    response: responseOf(operation, base, builder),
    streams: operation.output.kind === 'stream',
    idempotency: operation.idempotency,
    comment: commentOf(operation),
  };
}

function requestOf({ id, input }: Operation, base: string, builder: MessageBuilder): string {
  const reader = new SchemaReader(jsonSchema(input, 'input'), builder, 'input');
  return reader.root(`${base}Request`, [`Input of ${id}.`]);
}

function responseOf({ id, output }: Operation, base: string, builder: MessageBuilder): string {
  switch (output.kind) {
    case 'empty':
      return wellKnown.empty;
    case 'representation':
      builder.add(representationMessage);
      return representationMessage.name;
    case 'value': {
      const reader = new SchemaReader(jsonSchema(output.schema, 'output'), builder, 'output');
      return reader.isObject()
        ? reader.root(`${base}Response`, [`What ${id} answers.`])
        : reader.wrapped(`${base}Response`, 'value', [`What ${id} answers.`]);
    }
    case 'stream': {
      const reader = new SchemaReader(jsonSchema(output.schema, 'output'), builder, 'output');
      return reader.wrapped(`${base}Item`, 'item', [`One item of ${id}.`]);
    }
  }
}

function jsonSchema(schema: z.ZodType, io: 'input' | 'output'): JsonSchema {
  return z.toJSONSchema(schema, { io, unrepresentable: 'any' }) as JsonSchema;
}

function commentOf({ summary, id, access, problems, idempotency }: Operation): string[] {
  const kinds = [...new Set(problems.map(({ status, title }) => `${status} ${title}`))];
  return [
    `${summary}.`,
    `Operation ${id}, ${idempotency === 'once' ? 'each call has its own effect' : idempotency}. For: ${access.rule}.`,
    ...(kinds.length > 0 ? [`Problems of its own: ${kinds.join('; ')}.`] : []),
  ];
}

function clash(one: DescribedOperation, other: DescribedOperation, method: string): string {
  const who = ({ operation, vendor }: DescribedOperation): string =>
    vendor === undefined ? operation.id : `${vendor} (${operation.id})`;
  return `both ${who(one)} and ${who(other)} would be ${method.slice(protoPackage.length + 1)} over gRPC; a binding can serve only one of them (see "serves" in the profile)`;
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
