import type { ReloadPlan } from './plan-reload.js';

/**
 * How a reload ended.
 * - `reloaded`: the host is what the new profile says. `unchanged`: it was so before.
 * - `refused`: the new profile cannot be had in this process, or an entry of it cannot be made; nothing was touched.
 * - `rolled-back`: the new part did not start; the old profile is in force, with new instances of what had been stopped.
 * - `broken`: nor did the old part start again; the host goes on with what works.
 * - `stopped`: the host was stopped meanwhile, or before.
 */
export type ReloadOutcome = 'reloaded' | 'unchanged' | 'refused' | 'rolled-back' | 'broken' | 'stopped';

export interface FailedEntry {
  readonly entry: string;
  readonly reason: string;
}

/** Plain data, so that it can be sent to whoever asked. */
export interface ReloadReport {
  readonly outcome: ReloadOutcome;
  /** What was to happen; without lists when the profile was refused as a whole. */
  readonly plan: ReloadPlan;
  /** Entries of the new profile that could not be made or started. */
  readonly failures: readonly FailedEntry[];
  /** Entries that do not run any more, after `broken`. */
  readonly down: readonly FailedEntry[];
  /** For a person: how it ended and what holds now. */
  readonly summary: string;
  readonly milliseconds: number;
}

const nothing: ReloadPlan = { kept: [], replaced: [], added: [], removed: [], settings: [] };

export interface ReloadResult {
  readonly plan?: ReloadPlan;
  readonly failures?: readonly FailedEntry[];
  readonly down?: readonly FailedEntry[];
  /** Why the profile was refused as a whole. */
  readonly refusal?: string;
}

/** @param milliseconds that it took */
export function reportOf(outcome: ReloadOutcome, result: ReloadResult, milliseconds: number): ReloadReport {
  const { plan = nothing, failures = [], down = [] } = result;
  const rounded = Math.round(milliseconds);
  return { outcome, plan, failures, down, summary: summaryOf(outcome, result, rounded), milliseconds: rounded };
}

function summaryOf(outcome: ReloadOutcome, result: ReloadResult, milliseconds: number): string {
  const { plan = nothing, failures = [], down = [], refusal } = result;
  const reasons = failures.map(({ entry, reason }) => `${entry}: ${reason}`).join('; ');
  switch (outcome) {
    case 'reloaded':
      return `reloaded in ${milliseconds} ms: ${counts(plan)}`;
    case 'unchanged':
      return 'nothing to reload: the profile says what the host is';
    case 'refused':
      return refusal ?? `not reloaded, nothing was touched: ${reasons}`;
    case 'rolled-back':
      return `not reloaded, the old profile is in force again: ${reasons}`;
    case 'broken':
      return (
        `not reloaded, and of the old profile these do not start again: ${names(down)}; the host goes on without ` +
        `them. What failed of the new profile: ${reasons}`
      );
    case 'stopped':
      return 'not reloaded: the host is stopped';
  }
}

function counts({ replaced, added, removed, kept, settings }: ReloadPlan): string {
  const some = [
    [replaced.length, 'replaced'],
    [added.length, 'added'],
    [removed.length, 'removed'],
    [kept.length, 'kept'],
  ] as const;
  const parts = some.filter(([count]) => count > 0).map(([count, what]) => `${count} ${what}`);
  return [...parts, ...settings.map((name) => `${name} changed`)].join(', ');
}

function names(entries: readonly FailedEntry[]): string {
  return entries.map(({ entry, reason }) => `${entry} (${reason})`).join(', ');
}
