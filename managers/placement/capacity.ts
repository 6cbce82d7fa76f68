import { quantityBytes } from '../margo/index.js';
import { isObject, shown } from './expressions.js';

type Loose = Readonly<Record<string, unknown>>;

/**
 * What of the capacity requirements a device does not offer, one sentence each (section "Device Constraints", "Capacity").
 * All parts are minimums and all must hold; one entry of `cpus` must suffice by itself.
 */
export function unmetCapacity(requirements: unknown, properties: Loose): string[] {
  if (requirements === undefined || requirements === null) return [];
  if (!isObject(requirements)) return ['capacityRequirements is no object'];
  return [
    unmetCpu(requirements['cpu'], properties['cpus']),
    unmetQuantity('memory', requirements['memory'], properties['memory']),
    unmetQuantity('storage', requirements['storage'], properties['storage']),
  ].filter((reason) => reason !== undefined);
}

function unmetCpu(required: unknown, offered: unknown): string | undefined {
  if (required === undefined || required === null) return undefined;
  if (!isObject(required)) return `the required cpu ${shown(required)} cannot be read`;
  const { cores = 0, architectures } = required;
  if (typeof cores !== 'number' || !(cores >= 0)) return `the required cpu cores ${shown(cores)} are no number`;
  if (architectures !== undefined && !Array.isArray(architectures))
    return `the required cpu architectures ${shown(architectures)} are no list`;
  const allowed = (architectures ?? []).map(architectureOf);
  const cpus = Array.isArray(offered) ? offered.filter(isObject) : [];
  const met = cpus.some(
    (cpu) =>
      typeof cpu['cores'] === 'number' &&
      cpu['cores'] >= cores &&
      (allowed.length === 0 || allowed.includes(architectureOf(cpu['architecture']))),
  );
  if (met) return undefined;
  const architecture = allowed.length > 0 ? ` of ${allowed.join(' or ')}` : '';
  return `no single cpu has ${cores} cores${architecture}; the device has ${cpus.length > 0 ? shown(cpus) : 'none'}`;
}

/** Device documents name the same architecture in two ways. */
function architectureOf(name: unknown): unknown {
  return name === 'x86_64' ? 'amd64' : name;
}

function unmetQuantity(name: string, required: unknown, offered: unknown): string | undefined {
  if (required === undefined || required === null) return undefined;
  const minimum = typeof required === 'string' ? quantityBytes(required) : undefined;
  if (minimum === undefined) return `the required ${name} ${shown(required)} is no quantity such as 512Mi`;
  if (offered === undefined) return `${required} of ${name} are required; the device reports none`;
  const size = typeof offered === 'string' ? quantityBytes(offered) : undefined;
  if (size === undefined) return `the device's ${name} ${shown(offered)} is no quantity such as 512Mi`;
  return size >= minimum ? undefined : `${required} of ${name} are required; the device has ${String(offered)}`;
}
