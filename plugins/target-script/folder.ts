import { createHash, randomUUID } from 'node:crypto';
import { mkdir, open, readdir, readFile, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { ComponentRecord } from './component.ts';

/** What is kept of one component, on disk: a folder that is found again after any crash. */
export class ComponentFolder {
  readonly output: string;
  /** The script's own, and where it runs: it stays when the component is removed, unless it is purged. */
  readonly state: string;
  /** Holds the pid of the script that is running. */
  readonly running: string;
  readonly #record: string;

  constructor(readonly path: string) {
    this.output = join(path, 'output.log');
    this.state = join(path, 'state');
    this.running = join(path, 'running');
    this.#record = join(path, 'record.json');
  }

  static of(root: string, applicationId: string, component: string): ComponentFolder {
    return new ComponentFolder(join(root, hash(JSON.stringify([applicationId, component]))));
  }

  static async all(root: string): Promise<ComponentFolder[]> {
    return (await readdir(root)).map((name) => new ComponentFolder(join(root, name)));
  }

  /** @returns `undefined` for a component that is not here */
  async read(): Promise<ComponentRecord | undefined> {
    const text = await readIfThere(this.#record);
    return text === undefined ? undefined : (JSON.parse(text) as ComponentRecord);
  }

  /** Readers see the old record or the new one, those after a power cut included. */
  async write(record: ComponentRecord): Promise<void> {
    await mkdir(this.state, { recursive: true, mode: 0o700 });
    const temporary = `${this.#record}.${randomUUID()}`;
    const file = await open(temporary, 'wx', 0o600);
    try {
      await file.writeFile(JSON.stringify(record));
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(temporary, this.#record);
  }

  /** Nothing is left but the state, or nothing at all. */
  async remove(purge: boolean): Promise<void> {
    // The record goes last: as long as it is there, the removal is not over.
    for (const file of [this.output, this.running, this.#record]) await rm(file, { force: true });
    if (purge) await rm(this.path, { recursive: true, force: true });
  }
}

/** @returns `undefined` when there is no such file */
export async function readIfThere(file: string): Promise<string | undefined> {
  try {
    return await readFile(file, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}

/** A name of its own for any id, whatever characters that has. */
const hash = (text: string): string => createHash('sha256').update(text).digest('hex').slice(0, 32);
