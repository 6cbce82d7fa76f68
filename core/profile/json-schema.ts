import { z } from 'zod';
import type { Definition } from '../plugin/definition.js';
import type { DefinitionRegistry } from '../plugin/registry.js';
import { isSecret } from '../plugin/secret.js';
import { type Slot, slotNames, slots } from './model.js';
import { entryShapes, profileShape } from './schema.js';

type JsonSchema = z.core.JSONSchema.BaseSchema;

/** JSON Schema (draft-07) of all profiles that can be made of the loaded definitions, for editors. */
export function profileJsonSchema(registry: DefinitionRegistry): JsonSchema {
  const slotSchemas = slotNames.map((slot) => {
    const [first, ...others] = registry
      .definitions({ kind: slots[slot] })
      .map((definition) => entrySchema(slot, definition));
    return [slot, first ? z.record(z.string(), z.union([first, ...others])).nullish() : z.strictObject({}).nullish()];
  });
  return toJsonSchema(profileShape.extend(Object.fromEntries(slotSchemas) as Record<Slot, z.ZodType>));
}

/** JSON Schema (draft-07) of one definition's `config`. */
export function configJsonSchema(definition: Definition): JsonSchema {
  return toJsonSchema(definition.config);
}

function entrySchema(slot: Slot, { type, summary, config, uses }: Definition) {
  const names = Object.entries(uses).map(([name, use]) => [
    name,
    'every' in use ? z.union([z.string(), z.array(z.string())]).optional() : z.string().optional(),
  ]);
  return entryShapes[slot]
    .extend({
      type: z.literal(type),
      config: config.nullish(),
      uses: z.strictObject(Object.fromEntries(names) as Record<string, z.ZodType>).nullish(),
    })
    .describe(summary);
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
