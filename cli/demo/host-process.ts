import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { open, readFile } from 'node:fs/promises';
import { createInterface } from 'node:readline';
import { Readable } from 'node:stream';

export interface HostProcessOptions {
  /** For a person: `WFM`. */
  readonly name: string;
  /** The `tutti` program. */
  readonly program: string;
  readonly profile: string;
  readonly env: Readonly<Record<string, string>>;
  /** Standard error of the host. */
  readonly logFile: string;
  readonly signal: AbortSignal;
}

/** Milliseconds that a host has to drain before it is killed. */
const grace = 15_000;

/** One host as a child process. */
export class HostProcess {
  readonly #ended: Promise<string>;

  private constructor(
    readonly name: string,
    readonly logFile: string,
    /** What it printed when it was ready. */
    readonly ready: string,
    private readonly child: ChildProcess,
    ended: Promise<string>,
  ) {
    this.#ended = ended;
  }

  /** Resolves when the host is ready. @throws Error when it ends before */
  static async start(options: HostProcessOptions): Promise<HostProcess> {
    const { name, program, profile, env, logFile, signal } = options;
    signal.throwIfAborted();
    const log = await open(logFile, 'a', 0o600);
    try {
      const child = spawn(process.execPath, [program, 'run', profile], {
        env: { ...process.env, ...env },
        stdio: ['ignore', 'pipe', log.fd],
        // Ctrl-C goes to everybody in the terminal's group; the hosts end when the demo says so.
        detached: true,
      });
      // Also when the demo itself breaks down: no host is left without anybody who would stop it.
      process.once('exit', () => child.kill('SIGTERM'));
      const ended = once(child, 'exit').then(([code, by]) => `the ${name} ended (${by ?? `exit code ${code}`})`);
      const aborted = new Promise<undefined>((resolve) => {
        signal.addEventListener('abort', () => resolve(undefined), { once: true });
      });
      const line = once(createInterface({ input: child.stdout ?? Readable.from([]) }), 'line').then(([text]) =>
        String(text),
      );
      const early = ended.then((why) => {
        throw new Error(`${why} before it was ready`);
      });
      const ready = await Promise.race([line, early, aborted]);
      early.catch(() => undefined);
      const host = new HostProcess(name, logFile, ready ?? '', child, ended);
      if (ready !== undefined) return host;
      await host.stop();
      throw signal.reason;
    } finally {
      await log.close();
    }
  }

  get hasEnded(): boolean {
    return this.child.exitCode !== null || this.child.signalCode !== null;
  }

  /** Resolves with why, when the host has ended. */
  ended(): Promise<string> {
    return this.#ended;
  }

  async stop(): Promise<void> {
    if (this.hasEnded) return;
    this.child.kill('SIGTERM');
    const late = setTimeout(() => this.child.kill('SIGKILL'), grace);
    await this.#ended;
    clearTimeout(late);
  }
}

/** The last lines of a log. */
export async function tail(file: string, lines: number): Promise<string> {
  return (await readFile(file, 'utf8')).trimEnd().split('\n').slice(-lines).join('\n');
}
