import { spawn } from 'node:child_process';
import { mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { hasCode } from '../../../../core/files/index.js';
import { type Clock, TargetFault } from '../../../../core/plugin/index.js';
import { withDeadline } from '../../../../core/work/index.js';
import { dockerConfigJson, type Login } from '../../../shared/logins/index.js';
import { endOrphan, forgetProcess, signalGroup } from '../../../shared/program/index.js';
import { type HelmVersion, parseHelmVersion } from './helm-version.js';

export interface HelmProgramSettings {
  readonly path: string;
  /** Of the target's own; nobody else may read it. */
  readonly directory: string;
  readonly env: NodeJS.ProcessEnv;
  readonly clock: Clock;
}

export interface HelmCall {
  readonly scratch: Scratch;
  readonly signal: AbortSignal;
  /** After which helm is ended. */
  readonly milliseconds: number;
  /** Whose turn it is: a helm of an earlier agent that is still at it is ended first. */
  readonly release?: string;
}

/** The files of one call, gone after it. */
export interface Scratch {
  readonly directory: string;
  /** Logins as Docker and Helm keep them. */
  readonly registryConfig: string;
}

export interface Ended {
  /** Nothing when it was killed, and had no time to say why, or to leave things as it wants to. */
  readonly code: number | undefined;
  readonly stdout: string;
  readonly stderr: string;
}

/** Milliseconds. It asks nobody. */
const versionTime = 30_000;

/** No release's name begins with a dot. */
const prefix = '.helm-';

/** The helm program. It sees nothing of its user's own Helm: neither plugins nor repositories nor logins. */
export class HelmProgram {
  #swept: Promise<void> | undefined;

  constructor(private readonly settings: HelmProgramSettings) {}

  get path(): string {
    return this.settings.path;
  }

  /** @returns what is wrong, where there is no helm that answers */
  async version(signal: AbortSignal): Promise<{ readonly version: HelmVersion } | { readonly missing: string }> {
    const { path } = this.settings;
    try {
      const { code, stdout, stderr } = await this.withScratch([], (scratch) =>
        this.run(['version', '--template', '{{.Version}}'], { scratch, signal, milliseconds: versionTime }),
      );
      const version = code === 0 ? parseHelmVersion(stdout) : undefined;
      return version === undefined
        ? { missing: `${path} is no helm: ${(stderr || stdout).slice(0, 200)}` }
        : { version };
    } catch (error) {
      signal.throwIfAborted();
      if (error instanceof TargetFault) return { missing: error.message };
      throw error;
    }
  }

  /** Runs `work` with a directory that nobody else can read and that is gone afterwards. */
  async withScratch<T>(logins: readonly Login[], work: (scratch: Scratch) => Promise<T>): Promise<T> {
    const below = this.settings.directory;
    await mkdir(below, { recursive: true, mode: 0o700 });
    this.#swept ??= sweep(below);
    await this.#swept;
    // Readable by its owner alone, as mkdtemp makes them.
    const directory = await mkdtemp(join(below, prefix));
    try {
      const registryConfig = join(directory, 'registry.json');
      await writeFile(registryConfig, dockerConfigJson(logins), { mode: 0o600 });
      return await work({ directory, registryConfig });
    } finally {
      await rm(directory, { recursive: true, force: true });
    }
  }

  /**
   * @throws TargetFault `platform` when it cannot be run, `timeout` when its time is over; the signal's reason on an
   *   abort. Helm has ended then
   */
  run(args: readonly string[], call: HelmCall): Promise<Ended> {
    const { milliseconds, signal, release } = call;
    const { clock } = this.settings;
    const late = async (): Promise<TargetFault> => {
      const what = `helm ${args[0]}${release === undefined ? '' : ` of release ${release}`}`;
      const why = 'do the registry and the cluster answer?';
      return new TargetFault(
        'timeout',
        `${what} had not ended after ${milliseconds / 1000} s, and was killed; ${why}`,
        true,
      );
    };
    return withDeadline({ clock, milliseconds, signal, late }, (during) =>
      this.#run(args, { ...call, signal: during }),
    );
  }

  async #run(args: readonly string[], { scratch, signal, release }: HelmCall): Promise<Ended> {
    if (release === undefined) return execute(this.settings.path, args, this.#options(scratch, signal));
    const note = join(this.settings.directory, `${release}.pid`);
    await endOrphan(note, release, signal);
    try {
      return await this.#noted(note, args, this.#options(scratch, signal));
    } finally {
      await forgetProcess(note);
    }
  }

  /** A shell notes itself and becomes helm: an agent that is killed right after the start leaves none that is not noted. */
  async #noted(note: string, args: readonly string[], options: Execution): Promise<Ended> {
    const { path } = this.settings;
    const ended = await execute('/bin/sh', ['-c', 'echo $$ > "$0" && exec "$@"', note, path, ...args], options);
    // As shells say it (POSIX); helm ends with 1.
    if (ended.code === 127) throw notThere(path);
    if (ended.code === 126) throw notRun(path, ended.stderr.trim());
    return ended;
  }

  #options({ directory }: Scratch, signal: AbortSignal): Execution {
    const { env } = this.settings;
    const told = Object.fromEntries(passed.flatMap((name) => (env[name] === undefined ? [] : [[name, env[name]]])));
    return {
      cwd: directory,
      signal,
      env: {
        ...told,
        HELM_CACHE_HOME: join(directory, 'cache'),
        HELM_CONFIG_HOME: join(directory, 'config'),
        HELM_DATA_HOME: join(directory, 'data'),
        HELM_DRIVER: 'secret',
      },
    };
  }
}

/** Of our own environment: what reaches the cluster and the registries, and what a kubeconfig's programs live on. */
const passed = [
  'PATH',
  'HOME',
  'KUBECONFIG',
  'KUBERNETES_SERVICE_HOST',
  'KUBERNETES_SERVICE_PORT',
  ...['HTTP_PROXY', 'HTTPS_PROXY', 'NO_PROXY', 'ALL_PROXY'].flatMap((name) => [name, name.toLowerCase()]),
];

/** Deletes what an agent that was killed left behind. */
async function sweep(below: string): Promise<void> {
  const left = (await readdir(below)).filter((name) => name.startsWith(prefix));
  await Promise.all(left.map((name) => rm(join(below, name), { recursive: true, force: true })));
}

interface Execution {
  readonly cwd: string;
  readonly env: NodeJS.ProcessEnv;
  readonly signal: AbortSignal;
}

/** Most of what is kept of an output, in bytes: its end. */
const mostOutput = 4 * 1024 * 1024;

async function execute(path: string, args: readonly string[], { cwd, env, signal }: Execution): Promise<Ended> {
  // Nobody tells of an abort that was before.
  signal.throwIfAborted();
  // A group of its own: a kubeconfig's programs are its children, and a terminal's Ctrl-C is ours to act on.
  const child = spawn(path, args, { cwd, env, stdio: ['ignore', 'pipe', 'pipe'], detached: true });
  const ended = new Promise<Ended>((resolve, reject) => {
    const out = collected(child.stdout);
    const err = collected(child.stderr);
    child.once('error', (cause) => {
      reject(hasCode(cause, 'ENOENT') ? notThere(path, cause) : notRun(path, cause.message, cause));
    });
    child.once('close', (code, ended) => {
      const stderr = ended === null ? err() : `${err()}\nError: it was ended by ${ended}`;
      resolve({ code: code ?? undefined, stdout: out(), stderr });
    });
  });
  // At once and wholly: asked to end it would go back first, for as long as an update may take.
  const abort = (): void => {
    if (child.pid !== undefined) signalGroup(child.pid, 'SIGKILL');
  };
  signal.addEventListener('abort', abort, { once: true });
  try {
    const result = await ended;
    signal.throwIfAborted();
    return result;
  } finally {
    signal.removeEventListener('abort', abort);
  }
}

function notThere(path: string, cause?: unknown): TargetFault {
  return new TargetFault('platform', `the program ${path} is not there`, true, { cause });
}

function notRun(path: string, why: string, cause?: unknown): TargetFault {
  return new TargetFault('platform', `the program ${path} cannot be run: ${why}`, true, { cause });
}

function collected(stream: NodeJS.ReadableStream): () => string {
  let text = '';
  stream.setEncoding('utf8');
  stream.on('data', (chunk: string) => {
    text = (text + chunk).slice(-mostOutput);
  });
  return () => text;
}
