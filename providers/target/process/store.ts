import { createHash } from 'node:crypto';
import { mkdir, readdir, readFile, rename, rm, rmdir } from 'node:fs/promises';
import path from 'node:path';
import { z } from 'zod';
import { hasCode, replaceFile, syncDirectory } from '../../../core/files/index.js';

/** One artifact with its parameters, as it was asked for. */
const Revision = z.strictObject({
  /** `componentDigest` of the desired component. */
  applied: z.string(),
  repository: z.string(),
  revision: z.string(),
  /** Digest of the artifact's manifest; names the folder it is unpacked in. */
  artifact: z.string(),
  /** Parameters as environment variables. */
  variables: z.record(z.string(), z.string()),
});
export type Revision = z.output<typeof Revision>;

/**
 * One start of the workload. Written without `process` before the process is made and with it afterwards: whoever finds
 * it without looks for a process that carries the token.
 */
const Instance = z.strictObject({
  token: z.string(),
  /** Pids and start times mean nothing after a reboot. */
  boot: z.string(),
  process: z.strictObject({ pid: z.int(), started: z.string() }).optional(),
  /** Whether it was healthy once. */
  ready: z.boolean(),
  /** Milliseconds since the epoch. */
  at: z.number(),
});
export type Instance = z.output<typeof Instance>;

export const ComponentRecord = z.strictObject({
  format: z.literal(1),
  application: z.strictObject({ id: z.string(), name: z.string() }),
  component: z.string(),
  /** `run`: supervise it, also after a reboot; `stop`: it failed to start; `remove`: a removal has begun. */
  intent: z.enum(['run', 'stop', 'remove']),
  current: Revision,
  /** Kept on disk until `current` was healthy once. */
  previous: Revision.optional(),
  instance: Instance.optional(),
  /** Why it is stopped. */
  failure: z.string().optional(),
});
export type ComponentRecord = z.output<typeof ComponentRecord>;

/** A record that cannot be read: damaged, or written by a newer version. */
export class RecordFault extends Error {
  override readonly name = 'RecordFault';
}

/**
 * A folder name for an id: itself where it is plain, otherwise a readable part and a hash, which no plain id looks like.
 * Never a path, whatever the id holds.
 */
export function folderName(id: string): string {
  if (/^[A-Za-z0-9][A-Za-z0-9._-]{0,99}$/.test(id)) return id;
  const readable = id.replace(/[^A-Za-z0-9-]+/g, '-').slice(0, 40);
  return `${readable}~${createHash('sha256').update(id).digest('hex').slice(0, 24)}`;
}

/**
 * The files of one component: `record.json`, `data/` (the workload's own, survives updates), `logs/` and one folder for
 * each unpacked artifact. Variables may hold passwords, hence the modes.
 */
export class ComponentFiles {
  readonly data: string;
  readonly logs: string;
  readonly #record: string;

  constructor(readonly directory: string) {
    this.data = path.join(directory, 'data');
    this.logs = path.join(directory, 'logs');
    this.#record = path.join(directory, 'record.json');
  }

  /** Where an artifact is unpacked. */
  artifact(digest: string): string {
    return path.join(this.directory, digest.replace(':', '-'));
  }

  async create(): Promise<void> {
    for (const folder of [this.data, this.logs]) await mkdir(folder, { recursive: true, mode: 0o700 });
  }

  /** @throws RecordFault */
  async read(): Promise<ComponentRecord | undefined> {
    let text: string;
    try {
      text = await readFile(this.#record, 'utf8');
    } catch (error) {
      if (hasCode(error, 'ENOENT')) return undefined;
      throw error;
    }
    try {
      return ComponentRecord.parse(JSON.parse(text));
    } catch (error) {
      throw new RecordFault(`${this.#record} cannot be read`, { cause: error });
    }
  }

  /** Replaces the record as a whole: a crash leaves the old one or the new one, on disk. */
  async write(record: ComponentRecord): Promise<void> {
    await replaceFile(this.#record, `${JSON.stringify(record, undefined, 2)}\n`, 0o600);
  }

  /** Moves a record that cannot be read out of the way, for a person to look at. */
  async setRecordAside(): Promise<void> {
    await rename(this.#record, `${this.#record}.unreadable`);
  }

  /** Deletes artifacts other than these, and whatever a killed process left half done. */
  async keepOnly(artifacts: readonly string[]): Promise<void> {
    const kept = new Set([this.data, this.logs, this.#record, ...artifacts.map((digest) => this.artifact(digest))]);
    for (const name of await names(this.directory)) {
      const entry = path.join(this.directory, name);
      if (!kept.has(entry)) await rm(entry, { recursive: true, force: true });
    }
  }

  /** Deletes everything; the workload's data too only on `purge`. The record goes last, so that a crash is noticed. */
  async delete(purge: boolean): Promise<void> {
    if (purge) await rm(this.data, { recursive: true, force: true });
    await rm(this.logs, { recursive: true, force: true });
    await this.keepOnly([]);
    await rm(this.#record, { force: true });
    for (const folder of [this.data, this.directory, path.dirname(this.directory)]) await removeIfEmpty(folder);
  }
}

/** All components below a root folder, whether or not they have a record. */
export async function componentFolders(root: string): Promise<string[]> {
  const found: string[] = [];
  for (const application of await subfolders(root)) found.push(...(await subfolders(application)));
  return found;
}

/** Makes what was unpacked survive a power cut before anything says that it is there. */
export async function syncTree(directory: string): Promise<void> {
  for (const entry of await readdir(directory, { withFileTypes: true, recursive: true })) {
    if (!entry.isFile() && !entry.isDirectory()) continue;
    await syncDirectory(path.join(entry.parentPath, entry.name));
  }
  await syncDirectory(directory);
}

async function subfolders(directory: string): Promise<string[]> {
  const entries = await orNone(readdir(directory, { withFileTypes: true }));
  return entries.filter((entry) => entry.isDirectory()).map((entry) => path.join(directory, entry.name));
}

const names = (directory: string): Promise<string[]> => orNone(readdir(directory));

async function orNone<T>(list: Promise<T[]>): Promise<T[]> {
  try {
    return await list;
  } catch (error) {
    if (hasCode(error, 'ENOENT')) return [];
    throw error;
  }
}

async function removeIfEmpty(directory: string): Promise<void> {
  try {
    await rmdir(directory);
  } catch (error) {
    if (!hasCode(error, 'ENOENT', 'ENOTEMPTY', 'EEXIST')) throw error;
  }
}
