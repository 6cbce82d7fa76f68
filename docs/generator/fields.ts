import { type Setting, settingsOf } from '../../cli/commands/settings.js';
import { z } from '../../core/plugin/index.js';

type Schema = Readonly<Record<string, unknown>>;

/** The fields of what a schema takes or gives, one line each. */
export function fieldsOf(schema: z.ZodType, io: 'input' | 'output'): Setting[] {
  const { $defs = {}, ...whole } = z.toJSONSchema(schema, { io, unrepresentable: 'any' }) as Schema;
  return settingsOf(inlined(whole, $defs as Schema, []));
}

/** What is referred to stands in place of the reference, but inside of itself. */
function inlined(value: unknown, definitions: Schema, within: readonly string[]): unknown {
  if (Array.isArray(value)) return value.map((item) => inlined(item, definitions, within));
  if (typeof value !== 'object' || value === null) return value;
  const { $ref: reference, ...rest } = value as Schema;
  const others = Object.entries(rest).map(([key, inner]) => [key, inlined(inner, definitions, within)]);
  if (typeof reference !== 'string') return Object.fromEntries(others);
  const name = reference.replace('#/$defs/', '');
  const target = within.includes(name) ? {} : inlined(definitions[name], definitions, [...within, name]);
  return { ...(target as Schema), ...Object.fromEntries(others) };
}
