import type { z } from 'zod';

/**
 * Marks a value of a config or an answer as secret: it is never logged, kept, or put into an error text.
 * @stable since 0.1.0
 */
export function secret<S extends z.ZodType>(schema: S): S {
  return schema.meta({ ...schema.meta(), secret: true }) as S;
}

/**
 * Whether a schema was marked by {@link secret}.
 * @stable since 0.1.0
 */
export function isSecret(schema: z.ZodType): boolean {
  return schema.meta()?.['secret'] === true;
}
