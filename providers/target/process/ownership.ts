import { chmod, lchown, lstat, readdir, stat } from 'node:fs/promises';
import path from 'node:path';
import type { Account } from './account.js';

/** Others may go through, and see nothing: neither names nor content. */
const passable = 0o011;

/** Lets an account through a folder of ours to what is its own below. */
export async function openWay(folder: string): Promise<void> {
  const mode = (await stat(folder)).mode & 0o777;
  if ((mode & passable) !== passable) await chmod(folder, mode | passable);
}

/** @throws Error naming the folder above ours that keeps an account out; those are not ours to open */
export async function checkWay(folder: string, { name, uid, gid }: Account): Promise<void> {
  for (let above = path.dirname(folder); ; above = path.dirname(above)) {
    const found = await stat(above);
    const bit = found.uid === uid ? 0o100 : found.gid === gid ? 0o010 : 0o001;
    if ((found.mode & bit) === 0) {
      throw new Error(
        `user ${name} cannot get to its files in ${folder}: ${above} is closed to it (chmod o+x ${above})`,
      );
    }
    if (above === path.dirname(above)) return;
  }
}

/**
 * Gives an account the data of its workload. Nothing of the workload may run. What another account had before goes over
 * to it; what belongs to neither (a link to a file of somebody else's) stays as it is.
 */
export async function handOver(data: string, { uid, gid }: Account): Promise<void> {
  const before = await lstat(data);
  if (before.uid === uid && before.gid === gid) return;
  for (const entry of await readdir(data, { recursive: true, withFileTypes: true })) {
    const file = path.join(entry.parentPath, entry.name);
    if ((await lstat(file)).uid === before.uid) await lchown(file, uid, gid);
  }
  // Last, so that what a crash leaves half done is done again.
  await lchown(data, uid, gid);
}

/** Lets an account read and run an unpacked artifact; it stays the agent's, which reads it as well. */
export async function lend(artifact: string, { gid }: Account): Promise<void> {
  const before = await lstat(artifact);
  if (before.gid === gid && (before.mode & 0o777) === 0o750) return;
  for (const entry of await readdir(artifact, { recursive: true, withFileTypes: true })) {
    const file = path.join(entry.parentPath, entry.name);
    await lchown(file, 0, gid);
    if (entry.isSymbolicLink()) continue;
    const { mode } = await lstat(file);
    // The group gets what the owner has, but for writing.
    await chmod(file, (mode & 0o700) | ((mode & 0o500) >> 3));
  }
  await lchown(artifact, 0, gid);
  await chmod(artifact, 0o750);
}
