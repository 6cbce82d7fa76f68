import { mkdir } from 'node:fs/promises';
import { isDeepStrictEqual } from 'node:util';
import { codeOf } from '../files/index.js';
import type { Clock } from '../plugin/clock.js';
import type { ResolvedProfile } from '../profile/index.js';
import { type AssemblyOptions, assemble, tryToAssemble } from './assemble.js';
import { systemClock } from './clock.js';
import { StartUpError } from './failures.js';
import { endAll, type LifecycleNode, type PendingStarts, startAll } from './lifecycle.js';
import { createLog, type HostLog } from './log.js';
import { type Running, reload } from './reload.js';
import { type ReloadReport, reportOf } from './reload-report.js';
import { SharedByBindings } from './shared.js';
import { HostStatus, type Phase } from './status.js';
import { statusOf } from './status-of.js';

export interface HostOptions {
  readonly version: string;
  readonly log?: HostLog;
  readonly clock?: Clock;
  /** Aborting it while the host starts gives the start up. */
  readonly signal?: AbortSignal;
  /** For tests: an operation that answers anything else than it declares fails, and the log says so. */
  readonly verifyReplies?: boolean;
}

/** A host that is ready. */
export interface RunningHost {
  readonly status: HostStatus;
  /**
   * Becomes what another profile says, replacing only what must be; or stays what it was, and the report says why.
   * One at a time, in the order of the calls.
   */
  reload(profile: ResolvedProfile): Promise<ReloadReport>;
  /**
   * Drains, then stops everything in reverse order; a reload that is under way is given up. The same promise however
   * often it is called; rejects never.
   */
  stop(): Promise<void>;
}

/** Refs that the host itself provides to entries. */
export const hostRefs = [HostStatus];

/**
 * Provisions and starts a valid profile. Resolves when every entry is ready.
 *
 * @throws {@link StartUpError} with all failures; what had been started is stopped by then
 */
export async function startHost(profile: ResolvedProfile, options: HostOptions): Promise<RunningHost> {
  const log = options.log ?? createLog(profile.host.log);
  const clock = options.clock ?? systemClock;
  const shared = new SharedByBindings(clock, profile.host.rateLimit);
  let phase: Phase = 'provisioning';
  let running: Running = { profile, nodes: [], failed: new Map() };
  const status = statusOf(
    options.version,
    () => running,
    () => phase,
  );
  const assembly: AssemblyOptions = {
    log,
    clock,
    shared,
    hostProvides: new Map([[HostStatus.id, status]]),
    ...(options.verifyReplies && { verifyReplies: true }),
  };

  running = { ...running, nodes: assemble(profile, assembly).nodes };
  phase = 'starting';
  await makeDataDirectory(profile);
  const { deadlines } = profile.host;
  const report = await startAll(running.nodes, deadlines.start, options.signal ?? new AbortController().signal);
  if (report.failures.length > 0 || report.skipped.length > 0) {
    await end(
      running.nodes.filter(({ name }) => report.started.includes(name)),
      report.pending,
    );
    throw new StartUpError(profile.name, { start: report.failures, skipped: report.skipped });
  }
  phase = 'ready';

  let stopping: Promise<void> | undefined;
  let reloading = new AbortController();
  let last: Promise<unknown> = Promise.resolve();
  return {
    status,
    reload: (to) => {
      const next = last.then(() => become(to));
      // Whoever asked for it hears of it; the next one only waits for its end.
      last = next.catch(() => undefined);
      return next;
    },
    stop: () => {
      stopping ??= stop();
      return stopping;
    },
  };

  async function become(to: ResolvedProfile): Promise<ReloadReport> {
    if (stopping) return reportOf('stopped', {}, 0);
    // One for each: signals of the platform keep what was made of them for as long as they live.
    reloading = new AbortController();
    const report = await reload(running, to, {
      make: (of, kept) => tryToAssemble(of, { ...assembly, kept }),
      now: (is, during) => {
        if (is.profile !== running.profile) apply(running.profile, is.profile);
        running = is;
        if (!stopping) phase = during;
      },
      log: log.root,
      signal: reloading.signal,
    });
    const { replaced, added, removed } = report.plan;
    const fields = { outcome: report.outcome, replaced, added, removed };
    if (report.outcome === 'reloaded' || report.outcome === 'unchanged') log.root.info(report.summary, fields);
    else log.root.error(report.summary, fields);
    return report;
  }

  function apply({ host: from }: ResolvedProfile, { host: to }: ResolvedProfile): void {
    shared.limit(to.rateLimit);
    if (!isDeepStrictEqual(from.log, to.log)) log.apply(to.log);
  }

  async function stop(): Promise<void> {
    phase = 'draining';
    reloading.abort(new Error('the host is stopped'));
    await last;
    log.root.info('draining');
    for (const { entry, error } of await endAll(running.nodes, 'drain', running.profile.host.deadlines.drain)) {
      log.root.warn(`${entry} did not drain: ${error.message}`, { error });
    }
    await end(running.nodes);
    log.root.info('stopped');
    await log.close();
  }

  async function end(nodes: readonly LifecycleNode[], pending?: PendingStarts): Promise<void> {
    for (const { entry, error } of await endAll(nodes, 'stop', running.profile.host.deadlines.stop, pending)) {
      log.root.error(`${entry} did not stop: ${error.message}`, { error });
    }
    phase = 'stopped';
  }
}

/** @throws StartUpError naming the directory */
async function makeDataDirectory({ name, dataDir }: ResolvedProfile): Promise<void> {
  try {
    await mkdir(dataDir, { recursive: true, mode: 0o700 });
  } catch (cause) {
    const error = new Error(`the data directory ${dataDir} cannot be made: ${codeOf(cause)}`, { cause });
    throw new StartUpError(name, { start: [{ entry: 'host', phase: 'start', error }] });
  }
}
