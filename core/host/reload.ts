import type { Logger } from '../plugin/logger.js';
import type { HostSettings, ResolvedProfile } from '../profile/index.js';
import type { PartialAssembly } from './assemble.js';
import { endAll, type LifecycleNode, type PendingStarts, type StartReport, startAll } from './lifecycle.js';
import { planReload, type ReloadPlan, ReloadRefused } from './plan-reload.js';
import {
  type FailedEntry,
  type ReloadOutcome,
  type ReloadReport,
  type ReloadResult,
  reportOf,
} from './reload-report.js';

/** What a host is at a moment. */
export interface Running {
  readonly profile: ResolvedProfile;
  /** Entries that run, in dependency order. */
  readonly nodes: readonly LifecycleNode[];
  /** Entries of the profile that do not, and why. */
  readonly failed: ReadonlyMap<string, string>;
}

/** What a reload needs of its host. */
export interface ReloadHost {
  /** Makes the entries of a profile that are not in `kept`. */
  make(profile: ResolvedProfile, kept: ReadonlyMap<string, object>): PartialAssembly;
  /** Told what runs whenever that changes, and whether it is what the host shall be. */
  now(running: Running, phase: 'reloading' | 'ready'): void;
  readonly log: Logger;
  /** Aborts when the host is stopped: what was started for the reload is stopped, and nothing is started any more. */
  readonly signal: AbortSignal;
}

/**
 * Makes a running host one of another profile. The new part is made before anything is touched; then the old part drains
 * and stops, and the new one starts. If it does not, the old part is made and started again.
 */
export async function reload(from: Running, to: ResolvedProfile, host: ReloadHost): Promise<ReloadReport> {
  const began = performance.now();
  const report = (outcome: ReloadOutcome, result: ReloadResult): ReloadReport =>
    reportOf(outcome, result, performance.now() - began);
  let plan: ReloadPlan;
  try {
    plan = planReload(from.profile, to, new Set(from.failed.keys()));
  } catch (error) {
    if (error instanceof ReloadRefused) return report('refused', { refusal: error.message });
    throw error;
  }
  if (plan.replaced.length + plan.added.length + plan.removed.length === 0) {
    host.now({ ...from, profile: to }, 'ready');
    return report(plan.settings.length > 0 ? 'reloaded' : 'unchanged', { plan });
  }

  const keptNames = new Set(plan.kept.map(({ entry }) => entry));
  const [staying, leaving] = parted(from.nodes, keptNames);
  const kept = new Map<string, object>(staying.map(({ name, instance }) => [name, instance]));
  const made = host.make(to, kept);
  if (made.failures.length > 0) {
    const failures = made.failures.map(({ entry, error }) => ({ entry, reason: error.message }));
    return report('refused', { plan, failures });
  }

  // What is only added takes nothing away.
  const meanwhile = leaving.length > 0 ? 'reloading' : 'ready';
  host.now(from, meanwhile);
  await leave(leaving, from.profile.host, host);
  const absent = new Map(leaving.map(({ name }) => [name, 'it is being replaced']));
  const between = { profile: from.profile, nodes: staying, failed: new Map([...from.failed, ...absent]) };
  host.now(between, meanwhile);

  const next = parted(made.nodes, keptNames)[1];
  const start = await startAll(within(next), to.host.deadlines.start, host.signal);
  const failures = failuresOf(start);
  if (failures.length === 0) {
    host.now({ profile: to, nodes: made.nodes, failed: new Map() }, 'ready');
    return report('reloaded', { plan });
  }
  await stop(
    next.filter(({ name }) => start.started.includes(name)),
    to.host,
    host,
    start.pending,
  );
  if (host.signal.aborted) return report('stopped', { plan });

  const back = await startAgain(from.profile, keptNames, kept, host);
  host.now({ profile: from.profile, ...back }, 'ready');
  if (host.signal.aborted) return report('stopped', { plan, failures });
  const down = [...back.failed].map(([entry, reason]) => ({ entry, reason }));
  return report(down.length > 0 ? 'broken' : 'rolled-back', { plan, failures, down });
}

/** New instances of what had been stopped: none is ever started twice. */
async function startAgain(
  profile: ResolvedProfile,
  keptNames: ReadonlySet<string>,
  kept: ReadonlyMap<string, object>,
  host: ReloadHost,
): Promise<Pick<Running, 'nodes' | 'failed'>> {
  const made = host.make(profile, kept);
  const next = parted(made.nodes, keptNames)[1];
  const start = await startAll(within(next), profile.host.deadlines.start, host.signal);
  const reasons = new Map([
    ...made.failures.map(({ entry, error }) => [entry, error.message] as const),
    ...failuresOf(start).map(({ entry, reason }) => [entry, reason] as const),
  ]);
  await stop(
    next.filter(({ name }) => reasons.has(name) && start.started.includes(name)),
    profile.host,
    host,
    start.pending,
  );
  const nodes = made.nodes.filter(({ name }) => !reasons.has(name));
  const up = new Set(nodes.map(({ name }) => name));
  const failed = profile.entries
    .filter(({ name }) => !up.has(name))
    .map(({ name }) => [name, reasons.get(name) ?? 'it needs an entry that could not be made'] as const);
  return { nodes, failed: new Map(failed) };
}

async function leave(nodes: readonly LifecycleNode[], settings: HostSettings, host: ReloadHost): Promise<void> {
  for (const { entry, error } of await endAll(nodes, 'drain', settings.deadlines.drain)) {
    host.log.warn(`${entry} did not drain: ${error.message}`, { error });
  }
  await stop(nodes, settings, host);
}

async function stop(
  nodes: readonly LifecycleNode[],
  { deadlines }: HostSettings,
  { log }: ReloadHost,
  pending?: PendingStarts,
): Promise<void> {
  for (const { entry, error } of await endAll(nodes, 'stop', deadlines.stop, pending)) {
    log.error(`${entry} did not stop: ${error.message}`, { error });
  }
}

function failuresOf({ failures, skipped }: StartReport): FailedEntry[] {
  return [
    ...failures.map(({ entry, error }) => ({ entry, reason: error.message })),
    ...skipped.map(({ entry, because }) => ({ entry, reason: `not started, it needs ${because.join(', ')}` })),
  ];
}

/** Those with one of the names, and the others. */
function parted(
  nodes: readonly LifecycleNode[],
  names: ReadonlySet<string>,
): readonly [readonly LifecycleNode[], readonly LifecycleNode[]] {
  return [nodes.filter(({ name }) => names.has(name)), nodes.filter(({ name }) => !names.has(name))];
}

/** What they depend on beside each other runs already. */
function within(nodes: readonly LifecycleNode[]): readonly LifecycleNode[] {
  const names = new Set(nodes.map(({ name }) => name));
  return nodes.map((node) => ({ ...node, dependsOn: node.dependsOn.filter((name) => names.has(name)) }));
}
