import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { type Daemon, startDaemon } from '../parts/daemon.js';

const root = resolve(import.meta.dirname, '../..');
const program = join(root, 'dist/cli/main.js');

export interface HostOptions {
  /** `wfm.yaml`, `agent.process.yaml`, ... of `config/`. */
  readonly profile: string;
  /** What is different in the profile here; nothing unless told. */
  readonly adapt?: (profile: string) => string;
  /** The host's own directory; its data is in `data` below. */
  readonly directory: string;
  readonly env: Readonly<Record<string, string>>;
}

/** A host as people run it: a process of the built program, which can be killed and started again on its data. */
export class HostProcess {
  readonly data: string;
  readonly #profile: string;
  #daemon: Daemon | undefined;
  #before = '';

  constructor(private readonly options: HostOptions) {
    this.data = join(options.directory, 'data');
    // A copy in the test's own directory, so that a host which outlives its test is found by its command line.
    this.#profile = join(options.directory, 'profile.yaml');
    const shipped = readFileSync(join(root, 'config', options.profile), 'utf8');
    writeFileSync(this.#profile, options.adapt?.(shipped) ?? shipped);
  }

  /** Starts it and waits for its ready line. @throws when that takes longer than `deadline` milliseconds; it is killed */
  async start(env: Readonly<Record<string, string>> = {}, deadline = 30_000): Promise<void> {
    if (this.#daemon) throw new Error('it is running already');
    if (!existsSync(program)) throw new Error('the program is not built: npm run build');
    this.#daemon = await startDaemon(process.execPath, [program, 'run', this.#profile], {
      env: { ...process.env, ...this.options.env, TUTTI_DATA: this.data, ...env },
      ready: async (output) => readyLine.test(output),
      deadline,
    });
  }

  /** kill -9 so many milliseconds after it began to start; mostly before it is ready. */
  async startAndKill(moment: number): Promise<void> {
    try {
      await this.start({}, moment);
    } catch (error) {
      if (!String(error).includes(`after ${moment} ms`)) throw error;
    }
    await this.kill();
  }

  /** kill -9; its children of other sessions, such as workloads, live on. Fine when it does not run. */
  kill(): Promise<void> {
    return this.#end((daemon) => daemon.kill());
  }

  /** SIGTERM; fine when it does not run. */
  stop(): Promise<void> {
    return this.#end((daemon) => daemon.stop());
  }

  /** The first address of the ready line. */
  get url(): string {
    const [, address] = readyLine.exec(this.#daemon?.output() ?? '') ?? [];
    if (address === undefined) throw new Error('it does not run');
    return address;
  }

  /** All that it said, in all its runs. */
  output(): string {
    return this.#before + (this.#daemon?.output() ?? '');
  }

  /** The verbose health report: one line for each entry. */
  async health(): Promise<string> {
    return (await fetch(`${this.url}/readyz?verbose`)).text();
  }

  async #end(how: (daemon: Daemon) => Promise<void>): Promise<void> {
    const daemon = this.#daemon;
    if (!daemon) return;
    await how(daemon);
    this.#before += daemon.output();
    this.#daemon = undefined;
  }
}

const readyLine = /^ready in \d+ ms at (\S+)/m;
