import type { Clock } from '../../../core/plugin/clock.js';
import { TargetFault } from '../../../core/ports/index.js';
import { countdown, linked } from './deadline.js';
import { type ProcessEntry, type ProcessIdentity, type ProcessTable, sendSignal } from './process-table.js';

export interface Termination {
  /** All processes whose marker begins so belong to the workload. */
  readonly prefix: string;
  readonly leader: ProcessIdentity | undefined;
  readonly stop: { readonly signal: NodeJS.Signals; readonly grace: number };
}

const glance = 20;
/** The kernel ends a killed process at once, unless it waits for a device. */
const killDeadline = 5_000;

/**
 * Ends a workload and everything that it started: asks, waits, kills.
 * Waits by looking: a process that is not our child, or not any more, announces its end to nobody.
 *
 * @param lifetime aborts when the agent ends; what is left then is found again by the next one
 * @throws TargetFault `platform` when something cannot be killed
 */
export async function terminate(
  { prefix, leader, stop }: Termination,
  table: ProcessTable,
  clock: Clock,
  lifetime: AbortSignal,
): Promise<void> {
  const family = (): Promise<ProcessEntry[]> => table.family(prefix, leader);
  const gone = (within: number): Promise<ProcessEntry[]> =>
    linked([lifetime], async (signal) => {
      const isOver = countdown(clock, within, signal);
      for (;;) {
        // Looking at one process is cheap, at all of them is not.
        const present = leader && table.isAlive(leader) ? undefined : await family();
        if (present?.length === 0) return [];
        if (isOver()) return present ?? (await family());
        await clock.delay(glance, signal);
      }
    });

  const members = await family();
  if (members.length === 0) return;
  if (stop.grace > 0) {
    send(members, leader, stop.signal, table);
    if ((await gone(stop.grace)).length === 0) return;
  }
  send(await family(), leader, 'SIGKILL', table);
  let left = await gone(killDeadline);
  // What a member started while it was being killed is a member as well.
  if (left.length > 0) {
    send(left, leader, 'SIGKILL', table);
    left = await gone(killDeadline);
  }
  if (left.length > 0) {
    throw new TargetFault('platform', `process ${left.map((entry) => entry.pid).join(', ')} cannot be killed`, true);
  }
}

function send(
  members: readonly ProcessEntry[],
  leader: ProcessIdentity | undefined,
  name: NodeJS.Signals,
  table: ProcessTable,
): void {
  // To the group at once, so that a member cannot slip away by starting another; then to those outside of it.
  const group = leader && members.some((entry) => entry.group === leader.pid) ? leader.pid : undefined;
  if (group !== undefined) sendSignal(-group, name);
  for (const entry of members) {
    if (entry.group !== group && table.isAlive(entry)) sendSignal(entry.pid, name);
  }
}
