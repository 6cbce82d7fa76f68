import { z } from 'zod';
import type { Definition } from '../plugin/definition.js';
import type { DefinitionRegistry } from '../plugin/registry.js';
import { isSecret } from '../plugin/secret.js';
import { demandOf } from '../plugin/use.js';
import type { Ref } from '../ports/port.js';
import { type Slot, slotNames, slots } from './model.js';
import { name as entryName, entryShapes, profileShape } from './schema.js';

type JsonSchema = z.core.JSONSchema.BaseSchema;

/** An entry that a profile has by now. */
export interface NamedEntry {
  readonly name: string;
  readonly type: string;
}

/**
 * JSON Schema (draft-07) of all profiles that can be made of the loaded definitions, for editors.
 *
 * @param entries whose names are proposed where they fit; a profile may name others, for it is being written
 */
export function profileJsonSchema(registry: DefinitionRegistry, entries: readonly NamedEntry[] = []): JsonSchema {
  const reference = (ref: Ref<unknown>): z.ZodType => {
    const types = new Set(registry.list({ provides: ref }).map(({ type }) => type));
    const names = entries.filter(({ type }) => types.has(type)).map(({ name }) => name);
    return names.length === 0 ? z.string() : z.union([z.enum(names), z.string()]);
  };
  const slotSchemas = slotNames.map((slot) => {
    const known = registry
      .definitions({ kind: slots[slot] })
      .map((definition) => entrySchema(slot, definition, reference));
    return [slot, z.record(entryName, z.union([...known, typedByEnvironment(slot)])).nullish()];
  });
  return toJsonSchema(profileShape.extend(Object.fromEntries(slotSchemas) as Record<Slot, z.ZodType>));
}

/** JSON Schema (draft-07) of one definition's `config`. */
export function configJsonSchema(definition: Definition): JsonSchema {
  return toJsonSchema(definition.config);
}

function entrySchema(
  slot: Slot,
  { type, summary, config, uses }: Definition,
  reference: (ref: Ref<unknown>) => z.ZodType,
) {
  const names = Object.entries(uses).map(([name, use]) => {
    const { count, ref } = demandOf(use);
    const one = reference(ref);
    return [name, (count === 'every' ? z.union([one, z.array(one)]) : one).optional()];
  });
  return entryShapes[slot]
    .extend({
      type: z.literal(type),
      config: mayBeEmpty(config) ? config.nullish() : config,
      uses: z.strictObject(Object.fromEntries(names) as Record<string, z.ZodType>).nullish(),
    })
    .describe(summary);
}

/** Whether an entry may go without a config. */
function mayBeEmpty(config: z.ZodType): boolean {
  try {
    return config.safeParse({}).success;
  } catch (error) {
    // It is checked by something that takes its time: only the host can say.
    if (error instanceof z.core.$ZodAsyncError) return true;
    throw error;
  }
}

/** Which type it will be nobody can say before substitution. */
function typedByEnvironment(slot: Slot) {
  return entryShapes[slot].extend({ type: z.string().regex(/\$\{env:/) });
}

function toJsonSchema(schema: z.ZodType): JsonSchema {
  return z.toJSONSchema(schema, {
    target: 'draft-07',
    io: 'input',
    unrepresentable: 'any',
    override: ({ zodSchema, jsonSchema }) => {
      const { def } = zodSchema._zod;
      if (def.type === 'object' && def.catchall === undefined) jsonSchema.additionalProperties = false;
      if ('meta' in zodSchema && isSecret(zodSchema as unknown as z.ZodType)) jsonSchema.writeOnly = true;
      if (['number', 'boolean', 'enum'].includes(def.type) || jsonSchema.format || jsonSchema.pattern) {
        allowSubstitution(jsonSchema);
      }
    },
  });
}

/** An editor sees the file before substitution. */
function allowSubstitution(schema: JsonSchema): void {
  const { description, default: preset, ...rest } = schema;
  for (const key of Object.keys(rest)) delete schema[key];
  schema.anyOf = [rest, { type: 'string', pattern: '\\$\\{env:' }];
}
