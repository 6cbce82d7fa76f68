import type { ReloadReport } from '../../core/host/index.js';
import type { Column } from '../output/table.js';

export interface ReloadRow {
  readonly entry: string;
  readonly what: string;
  readonly why: string;
}

export const reloadColumns: readonly Column<ReloadRow>[] = [
  { head: 'ENTRY', value: ({ entry }) => entry },
  { head: 'WHAT', value: ({ what }) => what },
  { head: 'WHY', value: ({ why }) => why },
];

/** What happened to each entry; of a reload that did not succeed, what failed. */
export function reloadRows({ outcome, plan, failures, down }: ReloadReport): readonly ReloadRow[] {
  if (outcome === 'reloaded' || outcome === 'unchanged') {
    const lists = ['replaced', 'added', 'removed', 'kept'] as const;
    return [
      ...plan.settings.map((entry) => ({ entry, what: 'changed', why: 'the profile has other settings' })),
      ...lists.flatMap((what) => plan[what].map(({ entry, because }) => ({ entry, what, why: because }))),
    ];
  }
  return [
    ...failures.map(({ entry, reason }) => ({ entry, what: 'failed', why: reason })),
    ...down.map(({ entry, reason }) => ({ entry, what: 'down', why: reason })),
  ];
}
