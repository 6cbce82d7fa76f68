import { randomUUID } from 'node:crypto';
import { mkdir, readdir, readFile, rename, rm, statfs, watch, writeFile } from 'node:fs/promises';
import { cpus, totalmem } from 'node:os';
import { basename, join } from 'node:path';
import type { Clock, Json, TargetFacts } from 'tutti/plugin';

/** One workload as the platform knows it. What the target needs to recognise it again is kept beside it. */
export interface Workload {
  /** Of the deployment. */
  readonly id: string;
  readonly name: string;
  readonly component: string;
  readonly phase: 'installing' | 'running' | 'failed';
  /** Of what was applied. */
  readonly digest: string;
  readonly parameters: Readonly<Record<string, Json>>;
  /** How often it was started. */
  readonly starts: number;
}

/**
 * A toy in place of your platform: a workload is a file, which "runs" when the file says so. It outlives the host, as
 * the workloads of a real platform do.
 */
export class Platform {
  constructor(
    private readonly folder: string,
    private readonly clock: Clock,
  ) {}

  async open(): Promise<void> {
    await mkdir(this.folder, { recursive: true });
  }

  async facts(): Promise<TargetFacts> {
    const { bavail, bsize } = await statfs(this.folder);
    const mebibytes = (bytes: number): string => `${Math.max(1, Math.floor(bytes / 1024 / 1024))}Mi`;
    return {
      cpus: [{ cores: Math.max(1, cpus().length) }],
      memory: mebibytes(totalmem()),
      storage: mebibytes(bavail * bsize),
    };
  }

  /** Whether an artifact can be had. A real target pulls it here: `uses: { registry: ArtifactRegistry }`. */
  async has(repository: string): Promise<boolean> {
    return !repository.endsWith('/nowhere');
  }

  async list(): Promise<readonly Workload[]> {
    const files = (await readdir(this.folder)).filter((file) => file.endsWith('.json'));
    const all = await Promise.all(files.map((file) => this.#read(file)));
    return all.filter((workload) => workload !== undefined);
  }

  read(id: string, component: string): Promise<Workload | undefined> {
    return this.#read(fileOf(id, component));
  }

  /** Takes a workload; what ran before in its place is replaced. */
  async install(workload: Omit<Workload, 'phase' | 'starts'>): Promise<Workload> {
    const starts = 1 + ((await this.read(workload.id, workload.component))?.starts ?? 0);
    const installed = { ...workload, phase: 'installing', starts } as const;
    await this.write(installed);
    return installed;
  }

  /** Resolves when it runs. An abort stops the waiting, and leaves what can be installed again or removed. */
  async run(workload: Workload, milliseconds: number, signal?: AbortSignal): Promise<void> {
    if (milliseconds > 0) await this.clock.delay(milliseconds, signal);
    await this.write({ ...workload, phase: 'running' });
  }

  async remove(id: string, component: string): Promise<void> {
    await rm(join(this.folder, fileOf(id, component)), { force: true });
  }

  /** Ids of deployments of which something may have changed by itself. */
  async *changes(signal: AbortSignal): AsyncGenerator<string, void, undefined> {
    try {
      for await (const { filename } of watch(this.folder, { signal })) {
        if (filename?.endsWith('.json')) yield idOf(filename);
      }
    } catch (error) {
      if (!signal.aborted) throw error;
    }
  }

  /** Wholly or not at all: the host may be killed at any point. */
  async write(workload: Workload): Promise<void> {
    const file = join(this.folder, fileOf(workload.id, workload.component));
    const temporary = join(this.folder, `${randomUUID()}.new`);
    await writeFile(temporary, JSON.stringify(workload));
    await rename(temporary, file);
  }

  async #read(file: string): Promise<Workload | undefined> {
    try {
      return JSON.parse(await readFile(join(this.folder, file), 'utf8')) as Workload;
    } catch (error) {
      if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined;
      throw error;
    }
  }
}

/** An id may look like a path. */
function fileOf(id: string, component: string): string {
  return `${encodeURIComponent(id)}~${encodeURIComponent(component)}.json`;
}

function idOf(file: string): string {
  return decodeURIComponent(basename(file).split('~', 1)[0] ?? '');
}
