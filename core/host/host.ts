import { mkdir } from 'node:fs/promises';
import { codeOf } from '../files/index.js';
import type { Clock } from '../plugin/clock.js';
import type { Health, Lifecycle } from '../plugin/lifecycle.js';
import type { ResolvedProfile } from '../profile/index.js';
import { type Assembly, assemble } from './assemble.js';
import { systemClock } from './clock.js';
import { StartUpError } from './failures.js';
import { endAll, type LifecycleNode, type PendingStarts, startAll } from './lifecycle.js';
import { createLog, type HostLog } from './log.js';
import { HostStatus, type Phase } from './status.js';

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
  /** Drains, then stops everything in reverse order. The same promise however often it is called; rejects never. */
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
  const { deadlines } = profile.host;
  let phase: Phase = 'provisioning';
  let assembly: Assembly = { nodes: [], bindings: [], surfaces: new Map() };
  const status: HostStatus = {
    profile: profile.name,
    version: options.version,
    phase: () => phase,
    entries: () =>
      assembly.nodes.map(({ name, instance }) => ({
        name,
        type: typeOf.get(name) ?? '',
        health: healthOf(instance),
      })),
    addresses: () => assembly.bindings.flatMap((binding) => binding.addresses()),
  };
  const typeOf = new Map(profile.entries.map(({ name, definition }) => [name, definition.type]));

  assembly = assemble(profile, {
    log,
    clock: options.clock ?? systemClock,
    hostProvides: new Map([[HostStatus.id, status]]),
    ...(options.verifyReplies && { verifyReplies: true }),
  });
  phase = 'starting';
  await makeDataDirectory(profile);
  const report = await startAll(assembly.nodes, deadlines.start, options.signal ?? new AbortController().signal);
  if (report.failures.length > 0 || report.skipped.length > 0) {
    await end(
      assembly.nodes.filter(({ name }) => report.started.includes(name)),
      report.pending,
    );
    throw new StartUpError(profile.name, { start: report.failures, skipped: report.skipped });
  }
  phase = 'ready';

  let stopping: Promise<void> | undefined;
  return {
    status,
    stop: () => {
      stopping ??= stop();
      return stopping;
    },
  };

  async function stop(): Promise<void> {
    phase = 'draining';
    log.root.info('draining');
    for (const { entry, error } of await endAll(assembly.nodes, 'drain', deadlines.drain)) {
      log.root.warn(`${entry} did not drain: ${error.message}`, { error });
    }
    await end(assembly.nodes);
    log.root.info('stopped');
    await log.close();
  }

  async function end(nodes: readonly LifecycleNode[], pending?: PendingStarts): Promise<void> {
    for (const { entry, error } of await endAll(nodes, 'stop', deadlines.stop, pending)) {
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

const healthy: Health = Object.freeze({ status: 'ok' });

/** One entry that cannot say how it is must not keep the others from being heard. */
function healthOf(instance: Lifecycle): Health {
  try {
    return instance.health?.() ?? healthy;
  } catch (error) {
    return { status: 'failed', reason: error instanceof Error ? error.message : String(error) };
  }
}
