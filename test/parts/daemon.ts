import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync, readFileSync } from 'node:fs';
import { setTimeout as pause } from 'node:timers/promises';

export { freePort } from './ports.js';

/** A background process of ours. */
export interface Daemon {
  readonly pid: number;
  /** All that it said so far. */
  output(): string;
  /** kill -9, and waits until it is gone. */
  kill(): Promise<void>;
  /** SIGTERM, after `patience` milliseconds (10,000 unless told) SIGKILL; waits until it is gone. Safe to call twice. */
  stop(patience?: number): Promise<void>;
}

export interface DaemonOptions {
  readonly env?: NodeJS.ProcessEnv;
  readonly cwd?: string;
  /**
   * Whether it can be used; told all that it said so far, asked again and again until true. May throw while the daemon
   * is not there yet.
   */
  readonly ready: (output: string) => Promise<boolean>;
  /** Milliseconds until a start that is not ready counts as failed; 30,000 unless told. */
  readonly deadline?: number;
  /** The command runs the program as its child, as `nsenter` does: signals are for that, and the command ends with it. */
  readonly inner?: boolean;
}

/** Starts a process and resolves when it is ready. @throws with its output when it ends before, or is too late */
export async function startDaemon(command: string, args: readonly string[], options: DaemonOptions): Promise<Daemon> {
  const child = spawn(command, args, {
    cwd: options.cwd,
    env: options.env ?? process.env,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let output = '';
  const listen = (chunk: Buffer): void => {
    output += chunk.toString();
  };
  child.stdout.on('data', listen);
  child.stderr.on('data', listen);
  let failure: Error | undefined;
  child.once('error', (error) => {
    failure = error;
  });
  // A test process that dies of a crash takes its parts along.
  const last = (): void => {
    child.kill('SIGKILL');
  };
  process.once('exit', last);
  child.once('exit', () => process.removeListener('exit', last));
  const said = new Promise<void>((resolve) => child.once('close', () => resolve()));

  const ended = (signal: 'SIGTERM' | 'SIGKILL', patience: number): Promise<void> =>
    end(child, signal, patience, options.inner === true);
  const tail = (): string => output.trim().split('\n').slice(-15).join('\n');
  try {
    await until(
      async () => {
        if (failure !== undefined) throw new Stopped(`${command} did not start: ${failure.message}`);
        if (!gone(child)) return options.ready(output);
        // Its last words come after its end; a child that it has left may have its pipes for ever.
        await Promise.race([said, pause(10_000)]);
        throw new Stopped(
          `${command} ended before it was ready (${child.signalCode ?? `code ${child.exitCode}`}):\n${tail()}`,
        );
      },
      () => `${command} is not ready:\n${tail()}`,
      options.deadline ?? 30_000,
    );
  } catch (error) {
    // Its ports and files are free again when the caller learns of it.
    await ended('SIGKILL', 10_000);
    throw error;
  }
  return {
    pid: child.pid ?? 0,
    output: () => output,
    kill: () => ended('SIGKILL', 10_000),
    stop: (patience = 10_000) => ended('SIGTERM', patience),
  };
}

/** Thrown by a probe to end the waiting at once. */
class Stopped extends Error {}

/** Probes until true. A probe that throws counts as "not yet"; its error is told when the time is over. */
export async function until(probe: () => Promise<boolean>, what: () => string, deadline: number): Promise<void> {
  const end = performance.now() + deadline;
  let last: unknown;
  while (performance.now() < end) {
    try {
      if (await probe()) return;
    } catch (error) {
      if (error instanceof Stopped) throw error;
      last = error;
    }
    await pause(20);
  }
  throw new Error(`${what()}\nafter ${deadline} ms`, { cause: last });
}

function gone(child: ChildProcess): boolean {
  return child.exitCode !== null || child.signalCode !== null;
}

async function end(
  child: ChildProcess,
  signal: 'SIGTERM' | 'SIGKILL',
  patience: number,
  inner: boolean,
): Promise<void> {
  if (gone(child) || child.pid === undefined) return;
  const exited = once(child, 'exit');
  const pid = (inner ? childOf(child.pid) : undefined) ?? child.pid;
  send(pid, signal);
  const timer = setTimeout(() => send(pid, 'SIGKILL'), patience);
  await exited;
  clearTimeout(timer);
}

function send(pid: number, signal: 'SIGTERM' | 'SIGKILL'): void {
  try {
    process.kill(pid, signal);
  } catch (error) {
    // It ended by itself in this moment.
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
}

/** The only child of a process, if it has one. */
export function childOf(parent: number): number | undefined {
  return readdirSync('/proc')
    .map(Number)
    .find((pid) => Number.isInteger(pid) && parentOf(pid) === parent);
}

function parentOf(pid: number): number | undefined {
  try {
    // The name of the program, in brackets, may have spaces and brackets of its own.
    const [, parent] = readFileSync(`/proc/${pid}/stat`, 'utf8')
      .replace(/^.*\) /s, '')
      .split(' ');
    return Number(parent);
  } catch {
    // It ended between the listing and the look.
    return undefined;
  }
}
