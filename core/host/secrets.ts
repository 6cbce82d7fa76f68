import { z } from 'zod';
import { isSecret } from '../plugin/definition.js';

/**
 * The secret values in a config, by the marks of its schema, so that the log can keep them out wherever they turn up.
 * Values of fewer than four characters are left alone: hiding them would hide half of every text.
 */
export function secretValues(schema: z.ZodType, value: unknown): string[] {
  if (value === undefined || value === null) return [];
  if (isSecret(schema)) return typeof value === 'string' && value.length >= 4 ? [value] : [];
  if (schema instanceof z.ZodOptional || schema instanceof z.ZodNullable || schema instanceof z.ZodDefault) {
    return secretValues(schema.unwrap() as z.ZodType, value);
  }
  if (schema instanceof z.ZodPipe) return secretValues(schema.in as z.ZodType, value);
  if (schema instanceof z.ZodUnion) return schema.options.flatMap((option) => secretValues(option as z.ZodType, value));
  if (schema instanceof z.ZodArray && Array.isArray(value)) {
    return value.flatMap((element: unknown) => secretValues(schema.element as z.ZodType, element));
  }
  if (schema instanceof z.ZodObject && typeof value === 'object') {
    const shape = schema.shape as Record<string, z.ZodType>;
    return Object.entries(value).flatMap(([key, member]) => (shape[key] ? secretValues(shape[key], member) : []));
  }
  if (schema instanceof z.ZodRecord && typeof value === 'object') {
    return Object.values(value).flatMap((member: unknown) => secretValues(schema.valueType as z.ZodType, member));
  }
  return [];
}
