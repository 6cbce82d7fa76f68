import { mkdir, open, rename, rm } from 'node:fs/promises';
import { dirname } from 'node:path';
import { syncDirectory } from '../../core/files/index.js';
import { storageFault } from './fault.js';

/** Makes a folder and its parents; each new one survives a power cut. */
export async function makeFolder(folder: string): Promise<void> {
  const first = await mkdir(folder, { recursive: true });
  if (first === undefined) return;
  const above = dirname(first);
  for (let made = folder; made !== above; made = dirname(made)) await syncDirectory(dirname(made));
}

/** Puts a file whose bytes are already on the disk under its name, wholly or not at all. */
export async function publish(temporary: string, path: string): Promise<void> {
  await rename(temporary, path);
  await syncDirectory(dirname(path));
}

/**
 * Writes a file so that at any moment, kill -9 and power cuts included, `path` holds the old bytes or the new ones.
 * @param temporary a name on the same file system; gone afterwards, whatever happens
 */
export async function writeDurably(temporary: string, path: string, bytes: Uint8Array | string): Promise<void> {
  try {
    const handle = await open(temporary, 'wx', 0o600);
    try {
      await handle.writeFile(bytes);
      await handle.sync();
    } finally {
      await handle.close();
    }
    await publish(temporary, path);
  } catch (error) {
    await rm(temporary, { force: true });
    throw storageFault(error);
  }
}
