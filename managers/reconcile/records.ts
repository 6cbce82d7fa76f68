import { collection, type DesiredApplication, type StatusReport } from '../../core/ports/index.js';
import type { Wanted } from './index.js';

/** One application as the agent remembers it across restarts. Without `wanted` it is on its way out. */
export interface ApplicationRecord {
  readonly id: string;
  readonly name: string;
  readonly wanted?: Wanted;
  /** What ran before a revision that had to be refused: it goes on running until something else can, or nothing shall. */
  readonly kept?: DesiredApplication;
  readonly report: StatusReport;
}

export const applications = collection<ApplicationRecord>('reconcile-applications');

/** That a desired state was adopted at all: before that, nothing that runs here is known to be unwanted. */
export const adoptions = collection<{ readonly adopted: true }>('reconcile-adoption');

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

/** What shall run: what is wanted, or what ran before it had to be refused. */
export function desiredOf(record: ApplicationRecord | undefined): DesiredApplication | undefined {
  return record?.wanted?.refused === undefined ? record?.wanted?.application : record.kept;
}
