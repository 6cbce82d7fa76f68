import { spawn } from 'node:child_process';
import { accessSync, constants } from 'node:fs';
import { delimiter, join } from 'node:path';

/** Where Debian puts daemons and the plugins of container networks, which is not on every root's path. */
const systemPaths = ['/usr/local/sbin', '/usr/sbin', '/sbin', '/usr/lib/cni'];

/** The absolute path of a program, or `undefined`. */
export function findTool(name: string): string | undefined {
  return [...(process.env['PATH'] ?? '').split(delimiter), ...systemPaths]
    .filter((folder) => folder !== '')
    .map((folder) => join(folder, name))
    .find(executable);
}

export function executable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    // Not there or not ours to run: both mean that it is no tool for us.
    return false;
  }
}

/** The program's path. @throws when it is not installed, which `part()` has ruled out */
export function tool(name: string): string {
  const found = findTool(name);
  if (found === undefined) throw new Error(`${name} is not installed`);
  return found;
}

export interface Finished {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

export interface RunOptions {
  readonly cwd?: string;
  readonly env?: NodeJS.ProcessEnv;
  /** Milliseconds; 120,000 unless told. */
  readonly timeout?: number;
}

/** Runs a program to its end, whatever its exit code. */
export function run(command: string, args: readonly string[], options: RunOptions = {}): Promise<Finished> {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, {
      cwd: options.cwd,
      env: options.env ?? process.env,
      timeout: options.timeout ?? 120_000,
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let stdout = '';
    let stderr = '';
    child.stdout.on('data', (chunk: Buffer) => {
      stdout += chunk.toString();
    });
    child.stderr.on('data', (chunk: Buffer) => {
      stderr += chunk.toString();
    });
    child.once('error', reject);
    child.once('close', (code) => resolve({ code: code ?? -1, stdout, stderr }));
  });
}

/** Runs a program that must succeed. @throws with the tail of its output otherwise */
export async function must(command: string, args: readonly string[], options: RunOptions = {}): Promise<string> {
  const { code, stdout, stderr } = await run(command, args, options);
  if (code === 0) return stdout;
  const tail = `${stdout}\n${stderr}`.trim().split('\n').slice(-12).join('\n');
  throw new Error(`${command} ${args.join(' ')} ended with ${code}:\n${tail}`);
}
