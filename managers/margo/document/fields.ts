import type { z } from 'zod';
import type { FieldFault } from '../../../core/operation/index.js';

/** Issues of a JSON document as field faults. */
export function fieldFaults(issues: readonly Pick<z.core.$ZodIssue, 'path' | 'message'>[]): FieldFault[] {
  return issues.map(({ path, message }) => ({
    field: path.map(String).join('.'),
    message: /received undefined$/.test(message) ? 'is missing' : message,
  }));
}
