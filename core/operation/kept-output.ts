import type { z } from 'zod';
import { isSecret } from '../plugin/secret.js';
import type { Output } from './operation.js';
import { isSchema } from './schema.js';

const known = new WeakMap<Output, boolean>();

/** Whether what an operation answers may be written down: JSON without secrets, by the marks of its schema. */
export function mayBeKept(output: Output): boolean {
  if (output.kind !== 'value') return output.kind === 'empty';
  let found = known.get(output);
  if (found === undefined) {
    found = !secretWithin(output.schema, new Set());
    known.set(output, found);
  }
  return found;
}

/** By the definition, as zod keeps it: whatever kind a schema is of, its parts are schemas. */
function secretWithin(schema: z.ZodType, seen: Set<unknown>): boolean {
  if (seen.has(schema)) return false;
  seen.add(schema);
  if (isSecret(schema)) return true;
  return Object.values(schema._zod.def).some((part) => schemasIn(part).some((each) => secretWithin(each, seen)));
}

function schemasIn(part: unknown): z.ZodType[] {
  if (isSchema(part)) return [part];
  return typeof part === 'object' && part !== null ? Object.values(part).filter(isSchema) : [];
}
