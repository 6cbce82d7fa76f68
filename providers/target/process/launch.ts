import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { open, stat } from 'node:fs/promises';
import path from 'node:path';
import { hasCode } from '../../../core/files/index.js';
import type { Json } from '../../../core/ports/index.js';
import { TargetFault } from '../../../core/ports/index.js';
import type { Account } from './account.js';
import type { ComponentFile } from './component-file.js';
import { marker, type ProcessIdentity, type ProcessTable } from './process-table.js';

/** A command with everything that it needs. */
export interface Command {
  readonly file: string;
  readonly arguments: readonly string[];
  readonly directory: string;
  readonly environment: Readonly<Record<string, string>>;
  /** Whom it runs as; the agent itself unless told. */
  readonly account: Account | undefined;
}

/** How a process ended; without code and signal it was not our child and nobody knows. */
export interface Exit {
  readonly code?: number;
  readonly signal?: NodeJS.Signals;
}

export interface Launched {
  readonly identity: ProcessIdentity;
  readonly exited: Promise<Exit>;
}

/** What a workload is started from. */
export interface Workload {
  readonly application: string;
  readonly component: string;
  /** The unpacked artifact. */
  readonly artifact: string;
  readonly file: ComponentFile;
  /** Parameters. */
  readonly variables: Readonly<Record<string, string>>;
  /** The workload's own directory. */
  readonly data: string;
  readonly token: string;
  readonly otlpEndpoint: string | undefined;
  readonly account: Account | undefined;
}

/** Of the agent's own environment a workload gets these and nothing else: the rest may be secret. */
const passedOn = ['PATH', 'HOME', 'LANG', 'TZ'];
const usualPath = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';

/** @param parameters as the component's type declares them */
export function variablesOf(parameters: Readonly<Record<string, Json>>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(parameters).map(([name, value]) => [
      name,
      typeof value === 'string' ? value : JSON.stringify(value),
    ]),
  );
}

export function environmentOf(workload: Workload): Record<string, string> {
  const own = passedOn.flatMap((name) => {
    const value = process.env[name];
    return value === undefined ? [] : [[name, value] as const];
  });
  const { otlpEndpoint, account } = workload;
  return {
    PATH: usualPath,
    ...Object.fromEntries(own),
    // The agent's is closed to another.
    ...(account && { HOME: account.home ?? workload.data }),
    // Margo asks for the first name ("Collecting observability data"); OpenTelemetry's libraries read the second.
    ...(otlpEndpoint !== undefined && {
      HTTP_OTEL_EXPORTER_OTLP_ENDPOINT: otlpEndpoint,
      OTEL_EXPORTER_OTLP_ENDPOINT: otlpEndpoint,
    }),
    ...workload.file.environment,
    ...workload.variables,
    TUTTI_APPLICATION: workload.application,
    TUTTI_COMPONENT: workload.component,
    TUTTI_STATE_DIR: workload.data,
    [marker]: workload.token,
  };
}

/** @throws TargetFault `invalid` when the artifact lacks the executable or the working directory */
export async function commandOf(workload: Workload, command: readonly string[]): Promise<Command> {
  const directory = path.join(workload.artifact, workload.file.workingDirectory);
  if ((await kindOf(directory)) !== 'directory') {
    throw new TargetFault('invalid', `the artifact has no folder ${workload.file.workingDirectory}`, false);
  }
  const [executable = '', ...rest] = command;
  return {
    file: await executableOf(workload.artifact, executable),
    arguments: rest,
    directory,
    environment: environmentOf(workload),
    account: workload.account,
  };
}

/** For `spawn`, which also takes all further groups of the agent away. */
export function identityOf({ account }: Command): { uid?: number; gid?: number } {
  return account ? { uid: account.uid, gid: account.gid } : {};
}

async function executableOf(artifact: string, name: string): Promise<string> {
  if (name === 'node') return process.execPath;
  if (path.isAbsolute(name)) return name;
  const inside = path.join(artifact, name);
  const contained = inside.startsWith(artifact + path.sep);
  if (contained && (await kindOf(inside)) === 'file') return inside;
  if (name.includes('/')) throw new TargetFault('invalid', `the artifact has no file ${name} to run`, false);
  return name;
}

async function kindOf(entry: string): Promise<'file' | 'directory' | 'other' | 'absent'> {
  try {
    const found = await stat(entry);
    return found.isFile() ? 'file' : found.isDirectory() ? 'directory' : 'other';
  } catch (error) {
    if (hasCode(error, 'ENOENT', 'ENOTDIR')) return 'absent';
    throw error;
  }
}

/**
 * Starts a command in a session of its own, so that neither the agent's end nor a signal to it reaches the command.
 * @throws TargetFault `start` when the system cannot run it
 */
export async function launch(command: Command, logFile: string, table: ProcessTable): Promise<Launched> {
  const output = await open(logFile, 'a', 0o600);
  try {
    // A workload may open its own output anew (/dev/stderr).
    if (command.account) await output.chown(command.account.uid, command.account.gid);
    const child = spawn(command.file, command.arguments, {
      cwd: command.directory,
      env: command.environment,
      ...identityOf(command),
      detached: true,
      stdio: ['ignore', output.fd, output.fd],
    });
    if (child.pid === undefined) return await failed(child, command);
    // At once: a child that is over already stays readable only until the event loop turns.
    const identity = { pid: child.pid, started: table.startOf(child.pid) };
    const exited = new Promise<Exit>((resolve) => {
      child.once('exit', (code, signal) =>
        resolve({ ...(code !== null && { code }), ...(signal !== null && { signal }) }),
      );
    });
    child.unref();
    return { identity, exited };
  } finally {
    await output.close();
  }
}

async function failed(child: ChildProcess, command: Command): Promise<never> {
  const [error] = (await once(child, 'error')) as [Error];
  throw new TargetFault('start', `${path.basename(command.file)} cannot be run: ${error.message}`, true, {
    cause: error,
  });
}

export function describeExit(exit: Exit): string {
  if (exit.signal !== undefined) return `ended by ${exit.signal}`;
  if (exit.code !== undefined) return `exited with code ${exit.code}`;
  return 'ended, with an exit code that nobody saw';
}
