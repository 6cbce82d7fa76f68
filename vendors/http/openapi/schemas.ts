import type { Operation } from '../../../core/operation/index.js';
import { z } from '../../../core/plugin/index.js';

/** A part of the document. */
export type JsonObject = Readonly<Record<string, unknown>>;

/** JSON Schemas (draft 2020-12, which is OpenAPI 3.1's) of what operations take and answer, by operation id. */
export interface Schemas {
  readonly inputs: Readonly<Record<string, JsonObject>>;
  readonly outputs: Readonly<Record<string, JsonObject>>;
  /** For `components/schemas`: what has an id of its own (`.meta({ id })`), and what contains itself. */
  readonly shared: JsonObject;
}

interface Converted {
  readonly schemas: Readonly<Record<string, JsonObject>>;
  readonly shared: Readonly<Record<string, JsonObject>>;
}

const definitions = '#/$defs/';

/** A shared schema that is another one as input than as output has `Input` after its name there. */
export function schemasOf(operations: readonly Operation[]): Schemas {
  const taken = convert(
    operations.map(({ id, input }) => [id, input]),
    'input',
  );
  const given = convert(
    operations.flatMap(({ id, output }) => ('schema' in output ? [[id, output.schema] as const] : [])),
    'output',
  );
  const same = alike(taken.shared, given.shared);
  const outputName = (name: string): string => componentName(name);
  const inputName = (name: string): string =>
    componentName(name in given.shared && !same.has(name) ? `${name}Input` : name);
  return {
    inputs: mapped(taken.schemas, (schema) => pointing(schema, inputName)),
    outputs: mapped(given.schemas, (schema) => pointing(schema, outputName)),
    shared: {
      ...renamed(taken.shared, inputName),
      ...renamed(given.shared, outputName),
    },
  };
}

/** All at once, as the fields of one object: zod then finds what they share. */
function convert(entries: readonly (readonly [string, z.ZodType])[], io: 'input' | 'output'): Converted {
  const { properties = {}, $defs = {} } = z.toJSONSchema(z.object(Object.fromEntries(entries)), {
    io,
    unrepresentable: 'any',
    override: ({ jsonSchema }) => {
      if (jsonSchema['secret'] !== true) return;
      delete jsonSchema['secret'];
      if (jsonSchema.type === 'string') jsonSchema.format = 'password';
    },
  });
  return {
    schemas: properties as Converted['schemas'],
    shared: $defs as Converted['shared'],
  };
}

/** The names of those that are the same in both, with all that they refer to. */
function alike(one: Converted['shared'], other: Converted['shared']): ReadonlySet<string> {
  const same = new Set(
    Object.keys(one).filter((name) => JSON.stringify(one[name]) === JSON.stringify(other[name] ?? null)),
  );
  for (let before = -1; before !== same.size; ) {
    before = same.size;
    for (const name of same) if (references(one[name]).some((each) => !same.has(each))) same.delete(name);
  }
  return same;
}

function references(schema: unknown): string[] {
  const found: string[] = [];
  pointing(schema, (name) => {
    found.push(name);
    return name;
  });
  return found;
}

/** A copy whose references lead to `components/schemas`. */
function pointing<T>(part: T, named: (name: string) => string): T {
  if (Array.isArray(part)) return part.map((each: unknown) => pointing(each, named)) as T;
  if (typeof part !== 'object' || part === null) return part;
  return Object.fromEntries(
    Object.entries(part).map(([key, value]: [string, unknown]) => [
      key,
      key === '$ref' && typeof value === 'string' && value.startsWith(definitions)
        ? `#/components/schemas/${named(value.slice(definitions.length))}`
        : pointing(value, named),
    ]),
  ) as T;
}

function renamed(shared: Converted['shared'], named: (name: string) => string): JsonObject {
  return Object.fromEntries(Object.entries(shared).map(([name, schema]) => [named(name), pointing(schema, named)]));
}

/** What contains itself and has no id, zod numbers. */
function componentName(name: string): string {
  return name.replace(/^__schema(\d+)/, 'Recursive$1').replaceAll(/[^\w.-]/g, '_');
}

function mapped<T, R>(of: Readonly<Record<string, T>>, each: (value: T) => R): Record<string, R> {
  return Object.fromEntries(Object.entries(of).map(([name, value]) => [name, each(value)]));
}
