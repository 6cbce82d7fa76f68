import type { Operation } from '../../../core/operation/index.js';
import { z } from '../../../core/plugin/index.js';

export type Json = { readonly [name: string]: unknown };

/** Schemas of operations by their ids, and those that they share, in the dialect that AsyncAPI 3.0 has as its own. */
export interface Schemas {
  readonly inputs: Readonly<Record<string, Json>>;
  readonly outputs: Readonly<Record<string, Json>>;
  /** By the names under which the others refer to them: `#/components/schemas/<name>`. */
  readonly shared: Readonly<Record<string, Json>>;
}

export function schemasOf(operations: readonly Operation[]): Schemas {
  const inputs = convert(
    operations.map(({ id, input }) => [id, input] as const),
    'input',
    (name) => `${name}Input`,
  );
  const outputs = convert(
    operations.flatMap(({ id, output }) => ('schema' in output ? [[id, output.schema] as const] : [])),
    'output',
    (name) => name,
  );
  return { inputs: inputs.schemas, outputs: outputs.schemas, shared: { ...outputs.shared, ...inputs.shared } };
}

interface Converted {
  readonly schemas: Readonly<Record<string, Json>>;
  readonly shared: Readonly<Record<string, Json>>;
}

/** All at once, as the fields of one object: zod then finds what they share. */
function convert(
  entries: readonly (readonly [string, z.ZodType])[],
  io: 'input' | 'output',
  named: (name: string) => string,
): Converted {
  const { properties = {}, definitions = {} } = z.toJSONSchema(z.object(Object.fromEntries(entries)), {
    io,
    target: 'draft-7',
    unrepresentable: 'any',
    override: ({ jsonSchema }) => {
      if (jsonSchema['secret'] !== true) return;
      delete jsonSchema['secret'];
      if (jsonSchema.type === 'string') jsonSchema.format = 'password';
    },
  });
  const placed = (schema: unknown): Json => inComponents(schema, named) as Json;
  return {
    schemas: Object.fromEntries(Object.entries(properties).map(([id, schema]) => [id, placed(schema)])),
    shared: Object.fromEntries(
      Object.entries(definitions as Readonly<Record<string, unknown>>).map(([name, schema]) => [
        named(name),
        placed(schema),
      ]),
    ),
  };
}

const before = '#/definitions/';

/** References to definitions of one schema, as references to components of the document. */
function inComponents(value: unknown, named: (name: string) => string): unknown {
  if (Array.isArray(value)) return value.map((one) => inComponents(one, named));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, one]) => [
      key,
      key === '$ref' && typeof one === 'string' && one.startsWith(before)
        ? `#/components/schemas/${named(one.slice(before.length))}`
        : inComponents(one, named),
    ]),
  );
}
