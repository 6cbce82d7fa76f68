import { type FieldFault, Problem, problems } from '../../core/operation/index.js';

const label = /^[a-z0-9]([-a-z0-9]*[a-z0-9])?$/;
const longestLabel = 63;
const longestName = 253;

/**
 * Names that a device hands to Kubernetes (RFC 1123 subdomain and label, as Kubernetes reads it).
 * @throws Problem 422 with one entry for each fault
 */
export function checkNames(name: string, namespace: string): void {
  const errors: FieldFault[] = [];
  const parts = name.split('.');
  if (name.length > longestName || !parts.every((part) => part.length <= longestLabel && label.test(part))) {
    errors.push({
      field: 'name',
      message: `must be lower-case letters, digits, '-' and '.', at most ${longestName}, as in line-monitor-a`,
    });
  }
  if (namespace.length > longestLabel || !label.test(namespace)) {
    errors.push({ field: 'namespace', message: `must be lower-case letters, digits and '-', at most ${longestLabel}` });
  }
  const [first] = errors;
  if (first) throw new Problem(problems.semanticError, `${first.field} ${first.message}`, { errors });
}
