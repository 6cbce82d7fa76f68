import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync, readFileSync } from 'node:fs';
import { createInterface } from 'node:readline';

/** A program that says `ready ...` on its standard output when it is. */
export interface Program {
  readonly args: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  /** Written to its standard input. */
  readonly input?: string;
  /** The only core that it may use, where the machine can pin. */
  readonly core?: number;
}

export interface RunningProgram extends AsyncDisposable {
  readonly pid: number;
  /** The line with which it said so. */
  readonly ready: string;
  /** Milliseconds from its start to that line. */
  readonly startMs: number;
  stop(): Promise<void>;
}

/** Whether processes can be pinned to a core here. */
export function canPin(): boolean {
  return spawnSync('taskset', ['-c', '0', 'true']).status === 0;
}

/** Leaves this process, with all its threads, one core. */
export function pinSelf(core: number): void {
  spawnSync('taskset', ['-a', '-c', '-p', String(core), String(process.pid)]);
}

/** Starts Node with a program and waits for its `ready`. */
export async function startProgram({ args, env = {}, input, core }: Program): Promise<RunningProgram> {
  const node = [process.execPath, ...args];
  const [command = '', ...rest] = core === undefined ? node : ['taskset', '-c', String(core), ...node];
  const began = performance.now();
  const child = spawn(command, rest, { env: { ...process.env, ...env }, stdio: ['pipe', 'pipe', 'pipe'] });
  const complaints: string[] = [];
  child.stderr.on('data', (chunk: Buffer) => complaints.push(chunk.toString()));
  child.stdin.end(input ?? '');
  const lines = createInterface(child.stdout);
  const died = once(child, 'exit').then(() => {
    throw new Error(`${args.join(' ')} ended before it was ready:\n${complaints.join('')}`);
  });
  const ready = await Promise.race([firstReady(lines), died]);
  died.catch(() => undefined);
  const startMs = performance.now() - began;
  const stop = (): Promise<void> => stopProgram(child);
  return { pid: child.pid ?? 0, ready, startMs, stop, [Symbol.asyncDispose]: stop };
}

async function firstReady(lines: AsyncIterable<string>): Promise<string> {
  for await (const line of lines) if (line.startsWith('ready')) return line;
  return new Promise<never>(() => undefined);
}

async function stopProgram(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const exited = once(child, 'exit');
  child.kill('SIGTERM');
  await exited;
}

/** Seconds that a process has spent on a processor, all its threads together; undefined where /proc is not. */
export function cpuSeconds(pid: number): number | undefined {
  try {
    const threads = readdirSync(`/proc/${pid}/task`).map((thread) => procFile(pid, `task/${thread}/schedstat`));
    // The first number is the time on a processor in nanoseconds, finer than the ticks of `stat`.
    return threads.reduce((sum, text) => sum + Number(text?.split(' ')[0] ?? 0), 0) / 1e9;
  } catch {
    return undefined;
  }
}

/** Resident memory in MB, as `VmRSS` has it. */
export function residentMB(pid: number): number | undefined {
  const found = /^VmRSS:\s+(\d+) kB/m.exec(procFile(pid, 'status') ?? '')?.[1];
  return found === undefined ? undefined : (Number(found) * 1024) / 1e6;
}

function procFile(pid: number, name: string): string | undefined {
  try {
    return readFileSync(`/proc/${pid}/${name}`, 'utf8');
  } catch {
    return undefined;
  }
}
