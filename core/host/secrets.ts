import type { z } from 'zod';
import { isSecret } from '../plugin/secret.js';

/** What the definition of a schema may hold of further schemas, whichever of zod's kinds it is. */
interface SchemaParts {
  readonly innerType?: z.ZodType;
  readonly left?: z.ZodType;
  readonly right?: z.ZodType;
  readonly in?: z.ZodType;
  readonly out?: z.ZodType;
  readonly options?: readonly z.ZodType[];
  readonly getter?: () => z.ZodType;
  readonly element?: z.ZodType;
  readonly items?: readonly z.ZodType[];
  readonly rest?: z.ZodType | null;
  readonly valueType?: z.ZodType;
  readonly shape?: Readonly<Record<string, z.ZodType>>;
  readonly catchall?: z.ZodType;
}

/**
 * The secret values in a config, by the marks of its schema, so that the log can keep them out wherever they turn up.
 */
export function secretValues(schema: z.ZodType, value: unknown): string[] {
  const found = new Set<string>();
  collect(schema, value, found, new Set());
  return [...found];
}

/** Values of fewer than four characters are left alone: hiding them would hide half of every text. */
export function isWorthHiding(value: string): boolean {
  return value.length >= 4;
}

/** @param tried schemas that this same value was held against already: one may hold itself */
function collect(schema: z.ZodType, value: unknown, found: Set<string>, tried: Set<z.ZodType>): void {
  if (value === undefined || value === null || tried.has(schema)) return;
  tried.add(schema);
  if (isSecret(schema)) {
    for (const text of texts(value, new Set())) if (isWorthHiding(text)) found.add(text);
    return;
  }
  // By the definition, not by class: a plugin may bring its own copy of zod, and zod may grow further kinds.
  const parts = schema._zod.def as SchemaParts;
  const same = [parts.innerType, parts.left, parts.right, parts.in, parts.out, parts.getter?.()];
  for (const of of [...same, ...(parts.options ?? [])]) if (of) collect(of, value, found, tried);
  for (const [of, member] of members(parts, value)) if (of) collect(of, member, found, new Set());
}

/** The parts of a value, each with the schema that is for it. */
function* members(parts: SchemaParts, value: unknown): Iterable<readonly [z.ZodType | null | undefined, unknown]> {
  if (Array.isArray(value)) {
    for (const [at, member] of value.entries()) yield [parts.element ?? parts.items?.[at] ?? parts.rest, member];
  } else if (value instanceof Map || value instanceof Set) {
    for (const member of value.values()) yield [parts.valueType, member];
  } else if (typeof value === 'object' && value !== null) {
    for (const [key, member] of Object.entries(value)) {
      const declared = parts.shape && Object.hasOwn(parts.shape, key) ? parts.shape[key] : undefined;
      yield [declared ?? parts.catchall ?? parts.valueType, member];
    }
  }
}

/** Every text in a value: all of a secret is secret. */
function* texts(value: unknown, within: Set<unknown>): Iterable<string> {
  if (typeof value === 'string') yield value;
  if (typeof value !== 'object' || value === null || within.has(value)) return;
  within.add(value);
  const below: Iterable<unknown> = value instanceof Map || value instanceof Set ? value.values() : Object.values(value);
  for (const member of below) yield* texts(member, within);
}
