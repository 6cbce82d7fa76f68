import { randomUUID } from 'node:crypto';
import path from 'node:path';
import type { Clock } from '../../../core/plugin/clock.js';
import type { Logger } from '../../../core/plugin/logger.js';
import type { Account } from './account.js';
import { readComponentFile } from './component-file.js';
import { commandOf, type Exit, launch, type Workload } from './launch.js';
import type { LogFiles } from './logs.js';
import { handOver, lend, openWay } from './ownership.js';
import { type ProcessIdentity, type ProcessTable, sendSignal } from './process-table.js';
import type { ComponentFiles, ComponentRecord } from './store.js';

/** What all work on one component needs. */
export interface ComponentParts {
  readonly files: ComponentFiles;
  readonly logs: LogFiles;
  readonly table: ProcessTable;
  readonly clock: Clock;
  readonly log: Logger;
  /** The machine's boot id. */
  readonly boot: string;
  /** Unique to the component on this machine; a start's token is this, a dot and something random. */
  readonly owner: string;
  readonly otlpEndpoint: string | undefined;
  /** Whom workloads run as; the agent itself unless told. */
  readonly account: Account | undefined;
  /** Milliseconds that a component without a health check must stay alive to count as running. */
  readonly settle: number;
  /** Aborts when the agent ends. */
  readonly lifetime: AbortSignal;
}

/** A process of a component. */
export interface Running {
  readonly process: ProcessIdentity;
  readonly workload: Workload;
  /** Absent for a process that an earlier agent started. */
  readonly exited?: Promise<Exit>;
  /** Milliseconds that it had been running when it was started or found. */
  readonly age: number;
  /** Whether it was healthy already, under an earlier agent. */
  readonly ready: boolean;
}

type Save = (record: ComponentRecord) => Promise<void>;

/**
 * Starts a process. The record names the start before the process exists and the process afterwards, so that whoever
 * comes after a crash at any point finds it and never starts a second one.
 */
export async function beginInstance(parts: ComponentParts, record: ComponentRecord, save: Save): Promise<Running> {
  const workload = await workloadOf(parts, record, `${parts.owner}.${randomUUID()}`);
  const command = await commandOf(workload, workload.file.command);
  if (parts.account) await admit(parts.account, parts.files, workload.artifact);
  const instance = { token: workload.token, boot: parts.boot, ready: false, at: parts.clock.now() };
  await save({ ...record, instance });
  const { identity, exited } = await launch(command, parts.logs.current, parts.table);
  try {
    await save({ ...record, instance: { ...instance, process: identity } });
  } catch (error) {
    sendSignal(-identity.pid, 'SIGKILL');
    throw error;
  }
  return { process: identity, workload, exited, age: 0, ready: false };
}

/** Before each start: the account may be another one than last time. */
async function admit(account: Account, { directory, data }: ComponentFiles, artifact: string): Promise<void> {
  for (const folder of [path.dirname(directory), directory]) await openWay(folder);
  await lend(artifact, account);
  await handOver(data, account);
}

/** The process of the recorded start, if it still runs. */
export async function findInstance(
  parts: ComponentParts,
  record: ComponentRecord,
  save: Save,
): Promise<Running | undefined> {
  const { instance } = record;
  if (!instance || instance.boot !== parts.boot) return undefined;
  const process = instance.process ?? (await unrecorded(parts.table, instance.token));
  if (!process || !parts.table.isAlive(process)) return undefined;
  if (!instance.process) await save({ ...record, instance: { ...instance, process } });
  const workload = await workloadOf(parts, record, instance.token);
  // The clock may have been set since then.
  const age = Math.max(0, parts.clock.now() - instance.at);
  return { process, workload, age, ready: instance.ready };
}

/** Of the processes with this token the one that leads a session was started by an agent; the oldest, if there are more. */
async function unrecorded(table: ProcessTable, token: string): Promise<ProcessIdentity | undefined> {
  const leaders = (await table.family(token)).filter((entry) => entry.session === entry.pid);
  const [first] = leaders.sort((a, b) => Number(a.started) - Number(b.started) || a.pid - b.pid);
  return first && { pid: first.pid, started: first.started };
}

export async function workloadOf(parts: ComponentParts, record: ComponentRecord, token: string): Promise<Workload> {
  const artifact = parts.files.artifact(record.current.artifact);
  return {
    application: record.application.id,
    component: record.component,
    artifact,
    file: await readComponentFile(artifact),
    variables: record.current.variables,
    data: parts.files.data,
    token,
    otlpEndpoint: parts.otlpEndpoint,
    account: parts.account,
  };
}
