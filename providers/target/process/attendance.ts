import { countdown, untilFirst, withDeadline } from './deadline.js';
import { probeOf } from './health-check.js';
import type { ComponentParts, Running } from './instance.js';
import type { Exit } from './launch.js';

/** Told what is seen of a process while it runs. */
export interface Attendant {
  /** It is as it should be. */
  healthy(): Promise<void>;
  /** It is not; `settled` when that is no longer a matter of waiting. */
  unhealthy(reason: string, settled: boolean): void;
}

const tick = 1_000;
/** Until it is healthy for the first time a component is looked at this often, however rarely afterwards. */
const startInterval = 250;
/** Without a health check being alive is enough; a record that could not be written is tried again this often. */
const settleInterval = 10_000;

/** Watches a process until it ends; keeps its logs small meanwhile. Rejects when the signal aborts. */
export async function attend(
  running: Running,
  parts: ComponentParts,
  attendant: Attendant,
  signal: AbortSignal,
): Promise<Exit> {
  return untilFirst<Exit>(
    [signal],
    [
      (inner) => ended(running, parts, inner),
      (inner) => keepLogs(parts, inner),
      (inner) => watchHealth(running, parts, attendant, inner),
    ],
  );
}

async function ended(running: Running, { table, clock }: ComponentParts, signal: AbortSignal): Promise<Exit> {
  if (running.exited) return running.exited;
  // A process that an earlier agent started is not our child: the kernel tells us nothing when it ends (Node has no
  // pidfd), so we look. One read of a file in memory a second.
  while (table.isAlive(running.process)) await clock.delay(tick, signal);
  return {};
}

async function keepLogs({ logs, clock, log }: ComponentParts, signal: AbortSignal): Promise<never> {
  let works = true;
  for (;;) {
    // Before the first wait as well: what ends within a tick, over and over, writes too.
    try {
      await logs.rotate();
      works = true;
    } catch (error) {
      signal.throwIfAborted();
      // A full disk must not end the supervision of what still runs, nor be filled with complaints about it.
      if (works) log.warn('a log file cannot be set aside and is emptied', { file: logs.current, error });
      works = false;
    }
    await clock.delay(tick, signal);
  }
}

async function watchHealth(
  running: Running,
  { clock, settle }: ComponentParts,
  attendant: Attendant,
  signal: AbortSignal,
): Promise<never> {
  const { health } = running.workload.file;
  const check = health ?? { interval: settleInterval, timeout: settleInterval, startPeriod: 0, retries: 1 };
  const probe = health ? await probeOf(health, running.workload) : () => Promise.resolve();
  // Before the first success time counts, since looking often makes many failures; after it failures do.
  const patience = check.startPeriod + check.retries * check.interval;
  const isPatienceOver = countdown(clock, patience - running.age, signal);
  if (!health) await clock.delay(Math.max(0, settle - running.age), signal);
  let wasHealthy = running.ready;
  let failures = 0;
  for (;;) {
    const failure = await failureOf(withDeadline(clock, check.timeout, [signal], probe));
    signal.throwIfAborted();
    if (failure === undefined) {
      failures = 0;
      wasHealthy = true;
      await attendant.healthy();
    } else {
      failures += 1;
      attendant.unhealthy(failure, wasHealthy ? failures >= check.retries : isPatienceOver());
    }
    const often = !wasHealthy && !isPatienceOver();
    await clock.delay(often ? Math.min(startInterval, check.interval) : check.interval, signal);
  }
}

async function failureOf(checked: Promise<void>): Promise<string | undefined> {
  try {
    await checked;
    return undefined;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}
