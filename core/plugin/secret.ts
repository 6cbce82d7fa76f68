import type { z } from 'zod';

/** Marks a value of a config or an answer as secret: it is never logged, kept, or put into an error text. */
export function secret<S extends z.ZodType>(schema: S): S {
  return schema.meta({ ...schema.meta(), secret: true }) as S;
}

export function isSecret(schema: z.ZodType): boolean {
  return schema.meta()?.['secret'] === true;
}
