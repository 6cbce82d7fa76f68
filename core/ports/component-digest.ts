import { createHash } from 'node:crypto';
import { canonicalJson } from '../json/canonical.js';
import type { ChangeRules, DesiredComponent } from './target.js';

/**
 * The fingerprint of everything about a component whose change makes the running one out of date, by the target's own
 * change rules. A target stores it with the workload; the planner compares it with the desired one.
 *
 * @returns 64 lower-case hex digits
 * @stable since 0.1.0
 */
export function componentDigest(component: DesiredComponent, changes: ChangeRules): string {
  const relevant = {
    repository: component.repository,
    revision: component.revision,
    properties: pick(component.properties, changes.properties),
    parameters: pick(component.parameters, changes.parameters),
  };
  return createHash('sha256').update(canonicalJson(relevant)).digest('hex');
}

function pick<T>(from: Readonly<Record<string, T>>, names: readonly string[]): Record<string, T> {
  const all = names.includes('*');
  return Object.fromEntries(Object.entries(from).filter(([name]) => all || names.includes(name)));
}
