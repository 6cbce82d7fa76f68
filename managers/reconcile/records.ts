import { collection, type StatusReport } from '../../core/ports/index.js';
import type { Wanted } from './index.js';

/** One application as the agent remembers it across restarts. Without `wanted` it is on its way out. */
export interface ApplicationRecord {
  readonly id: string;
  readonly name: string;
  readonly wanted?: Wanted;
  readonly report: StatusReport;
}

export const applications = collection<ApplicationRecord>('reconcile-applications');

export function idOf(wanted: Wanted): string {
  return wanted.refused === undefined ? wanted.application.id : wanted.id;
}

export function nameOf(wanted: Wanted): string {
  return wanted.refused === undefined ? wanted.application.name : wanted.name;
}

export function componentsOf(wanted: Wanted | undefined): readonly string[] {
  if (!wanted) return [];
  return wanted.refused === undefined ? wanted.application.components.map(({ name }) => name) : wanted.components;
}
