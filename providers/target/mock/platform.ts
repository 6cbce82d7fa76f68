import { mkdir, readFile } from 'node:fs/promises';
import path from 'node:path';
import { replaceFile } from '../../../core/files/index.js';
import { z } from '../../../core/plugin/index.js';
import type { DesiredComponent } from '../../../core/ports/index.js';

const Workload = z.strictObject({
  application: z.strictObject({ id: z.string(), name: z.string() }),
  component: z.string(),
  phase: z.enum(['running', 'failed']),
  reason: z.string().optional(),
  applied: z.string(),
  desired: z.custom<DesiredComponent>((value) => typeof value === 'object' && value !== null),
  /** How often it was started since it was first installed. */
  starts: z.int(),
});
/** A workload that is nothing but what is said of it. */
export type Workload = z.output<typeof Workload>;

/** The pretended machine: survives its target, and the host when it has a file. */
export class MockPlatform {
  readonly #workloads = new Map<string, Workload>();
  #writing: Promise<void> = Promise.resolve();

  constructor(private readonly file?: string) {}

  async load(): Promise<void> {
    if (this.file === undefined) return;
    await mkdir(path.dirname(this.file), { recursive: true });
    const text = await readFile(this.file, 'utf8').catch((error: NodeJS.ErrnoException) => {
      if (error.code === 'ENOENT') return '[]';
      throw error;
    });
    for (const workload of z.array(Workload).parse(JSON.parse(text))) {
      this.#workloads.set(key(workload.application.id, workload.component), workload);
    }
  }

  get(applicationId: string, component: string): Workload | undefined {
    return this.#workloads.get(key(applicationId, component));
  }

  all(): readonly Workload[] {
    return [...this.#workloads.values()];
  }

  async put(workload: Workload): Promise<void> {
    this.#workloads.set(key(workload.application.id, workload.component), workload);
    await this.#save();
  }

  async delete(applicationId: string, component: string): Promise<void> {
    if (this.#workloads.delete(key(applicationId, component))) await this.#save();
  }

  #save(): Promise<void> {
    const { file } = this;
    if (file === undefined) return Promise.resolve();
    const write = this.#writing.then(() => replaceFile(file, JSON.stringify(this.all()), 0o600));
    // The caller hears of a failure; the next write does not care.
    this.#writing = write.catch(() => undefined);
    return write;
  }
}

const key = (applicationId: string, component: string): string => JSON.stringify([applicationId, component]);
