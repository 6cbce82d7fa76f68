import { z } from 'zod';

/** By shape, not by class: a plugin may have brought its own copy of zod. A check (`z.minLength(3)`) is no schema. */
export function isSchema(value: unknown): value is z.ZodType {
  return typeof value === 'object' && value !== null && '_zod' in value && 'safeParseAsync' in value;
}

/** A schema where data holds one. */
export const schema = z.custom<z.ZodType>(isSchema, 'expected a zod schema');
