import type { Json } from '../../../core/ports/index.js';

type Loose = Readonly<Record<string, unknown>>;

/**
 * `properties` of any form in the names of D3: D1 keeps them below `resources` with a single `cpu`, early D2 has a list
 * called `cpu`. What is not known stays, so that property selectors can reach it.
 */
export function normalProperties(properties: Loose): Record<string, Json> {
  const { resources, cpu: ownCpu, ...rest } = properties;
  const { cpu: resourceCpu, ...below } = isObject(resources) ? resources : {};
  const cpu = ownCpu ?? resourceCpu;
  const cpus = rest['cpus'] ?? below['cpus'] ?? (cpu === undefined || cpu === null || Array.isArray(cpu) ? cpu : [cpu]);
  const merged = { ...below, ...rest, ...(cpus !== undefined && { cpus }) };
  // The document came from JSON; only its shape was unknown.
  return Object.fromEntries(Object.entries(merged).filter(([, value]) => value !== null)) as Record<string, Json>;
}

/** D1 is what reported `roles` or `resources` (section 5.2 of PR1). */
export function isFirstForm(properties: Loose): boolean {
  return 'roles' in properties || 'resources' in properties;
}

export function isObject(value: unknown): value is Loose {
  return value !== null && typeof value === 'object' && !Array.isArray(value);
}
