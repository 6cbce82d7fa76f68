import { type ChildProcessByStdio, spawn } from 'node:child_process';
import type { Readable } from 'node:stream';
import { TargetFault } from '../../../core/plugin/index.js';
import type { Login } from '../../shared/logins/index.js';
import { forgetProcess, noteProcess, signalGroup } from '../../shared/program/index.js';
import { withDockerConfig } from './credentials.js';
import { type EnginePlace, placeVariables } from './engine-place.js';

export interface ComposeSettings {
  /** Path of a Compose v2 program; the plugin of `docker` unless told. */
  readonly program: string | undefined;
  readonly place: EnginePlace;
  /** Where a private configuration may lie for as long as a call takes. */
  readonly scratch: string;
}

export interface ComposeCall {
  readonly signal: AbortSignal;
  readonly logins?: readonly Login[];
  readonly directory?: string;
  /** Where the process is noted while it runs, for {@link endOrphan}. */
  readonly note?: string;
}

/** The `docker compose` program: the only authority on what a compose file means. */
export class ComposeCli {
  constructor(private readonly settings: ComposeSettings) {}

  /**
   * @returns standard output
   * @throws TargetFault `start` with the last lines of output when it fails; the signal's reason on an abort
   */
  async run(args: readonly string[], options: ComposeCall): Promise<string> {
    const { program, place, scratch } = this.settings;
    return withDockerConfig(scratch, options.logins ?? [], async (config) => {
      const [command, first] = program === undefined ? ['docker', ['compose']] : [program, []];
      // Nothing of our own environment can be interpolated into a compose file.
      const env = { PATH: process.env['PATH'] ?? '', HOME: config, DOCKER_CONFIG: config, ...placeVariables(place) };
      const { code, stdout, stderr } = await execute(command, [...first, '--ansi', 'never', ...args], {
        env,
        cwd: options.directory ?? scratch,
        signal: options.signal,
        note: options.note,
      });
      if (code === 0) return stdout;
      if (/Cannot connect to the Docker daemon|error during connect/.test(stderr)) {
        throw new TargetFault('platform', `the Docker engine at ${place.address} does not answer`, true);
      }
      throw new TargetFault('start', `docker compose failed: ${lastLines(stderr)}`, true);
    });
  }
}

interface Ended {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

interface Execution {
  readonly env: NodeJS.ProcessEnv;
  readonly cwd: string;
  readonly signal: AbortSignal;
  readonly note: string | undefined;
}

async function execute(command: string, args: readonly string[], options: Execution): Promise<Ended> {
  const { env, cwd, signal, note } = options;
  signal.throwIfAborted();
  // A group of its own: the plugin of `docker` is another process, and a terminal's Ctrl-C is ours to act on.
  const child = spawn(command, args, { env, cwd, stdio: ['ignore', 'pipe', 'pipe'], detached: true });
  const ended = outcome(command, child);
  // SIGTERM lets compose end its calls to the engine; what it has started stays.
  const abort = (): void => {
    if (child.pid !== undefined) signalGroup(child.pid, 'SIGTERM');
  };
  signal.addEventListener('abort', abort, { once: true });
  try {
    const noted = note === undefined || child.pid === undefined ? undefined : noteProcess(note, child.pid);
    const [result] = await Promise.all([ended, noted]);
    signal.throwIfAborted();
    return result;
  } finally {
    signal.removeEventListener('abort', abort);
    if (note !== undefined) await forgetProcess(note);
  }
}

function outcome(command: string, child: ChildProcessByStdio<null, Readable, Readable>): Promise<Ended> {
  return new Promise((resolve, reject) => {
    const out: Buffer[] = [];
    const err: Buffer[] = [];
    child.stdout.on('data', (chunk: Buffer) => out.push(chunk));
    child.stderr.on('data', (chunk: Buffer) => err.push(chunk));
    child.once('error', (error) => {
      const text = `the program ${command} cannot be run: ${error.message}`;
      reject(new TargetFault('platform', text, true, { cause: error }));
    });
    child.once('close', (code) => {
      resolve({ code: code ?? -1, stdout: Buffer.concat(out).toString(), stderr: Buffer.concat(err).toString() });
    });
  });
}

/** Compose ends with what went wrong; what stands before it is progress. */
function lastLines(output: string): string {
  return output.trim().split('\n').slice(-5).join('; ');
}
