import { copyFile, lstat, mkdir, mkdtemp, open, realpath, rename, rm, stat, symlink } from 'node:fs/promises';
import { basename, dirname, join, sep } from 'node:path';
import { ArchiveFault } from './fault.js';
import { type Member, members, type UnpackLimits } from './members.js';
import { byCodeUnit, safePath } from './path.js';

export type { UnpackLimits } from './members.js';

export interface Unpacked {
  /** Paths of the files (links included), sorted. */
  readonly files: readonly string[];
  /** Of all files together. */
  readonly bytes: number;
}

/**
 * Unpacks into `directory`, which must not exist yet and appears only when everything was fine: the work is done in a
 * fresh directory beside it (`.<name>.unpacking-*`), which is renamed at the end.
 *
 * Refused: absolute paths, `..`, links that leave the archive or lead nowhere, devices, duplicates, more than the limits,
 * a damaged or truncated archive. setuid, setgid and sticky bits are dropped.
 *
 * @throws ArchiveFault; what `archive` itself throws, file system errors and an abort's reason pass unchanged
 */
export async function unpackTarGz(
  archive: AsyncIterable<Uint8Array>,
  directory: string,
  limits: UnpackLimits,
): Promise<Unpacked> {
  await mkdir(dirname(directory), { recursive: true });
  const fresh = await mkdtemp(join(dirname(directory), `.${basename(directory)}.unpacking-`));
  try {
    const unpacked = await unpackInto(fresh, archive, limits);
    await refuseExisting(directory);
    await rename(fresh, directory);
    return unpacked;
  } catch (error) {
    await rm(fresh, { recursive: true, force: true });
    throw error;
  }
}

/** `rename` would replace an empty directory and a link without a word. */
async function refuseExisting(directory: string): Promise<void> {
  const there = await lstat(directory).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return undefined;
    throw error;
  });
  if (there) throw new Error(`${directory} exists already`);
}

async function unpackInto(root: string, archive: AsyncIterable<Uint8Array>, limits: UnpackLimits): Promise<Unpacked> {
  const sizes = new Map<string, number>();
  const links: Extract<Member, { target: string }>[] = [];
  const budget = new Budget(limits.bytes);
  for await (const member of members(archive, limits)) {
    if (member.kind === 'directory') await mkdir(join(root, member.path), { recursive: true, mode: 0o755 });
    else if (member.kind === 'file') sizes.set(member.path, await writeFile(root, member, budget));
    else links.push(member);
  }
  // Links come last, so that nothing can ever be written through one.
  for (const link of links.filter(({ kind }) => kind === 'hardlink')) {
    const target = safePath(link.target);
    const size = sizes.get(target);
    if (size === undefined)
      throw new ArchiveFault('unsafe', `${link.path} is a link to ${target}, which is no file of the archive`);
    budget.take(size);
    await mkdir(dirname(join(root, link.path)), { recursive: true });
    await copyFile(join(root, target), join(root, link.path));
    sizes.set(link.path, size);
  }
  await makeSymlinks(
    root,
    links.filter(({ kind }) => kind === 'symlink'),
  );
  const files = [...sizes.keys(), ...links.filter(({ kind }) => kind === 'symlink').map(({ path }) => path)];
  return { files: files.sort(byCodeUnit), bytes: budget.taken };
}

async function writeFile(root: string, file: Extract<Member, { kind: 'file' }>, budget: Budget): Promise<number> {
  const path = join(root, file.path);
  await mkdir(dirname(path), { recursive: true, mode: 0o755 });
  // Owner may read and write, nobody else may write, and of the special bits none is left.
  const mode = (file.mode & 0o755) | 0o600;
  // `wx`: on a file system that ignores case two members may still meet in one file.
  const handle = await open(path, 'wx', mode);
  try {
    let size = 0;
    for await (const chunk of file.content) {
      budget.take(chunk.length);
      await handle.writeFile(chunk);
      size += chunk.length;
    }
    return size;
  } finally {
    await handle.close();
  }
}

async function makeSymlinks(root: string, links: readonly { path: string; target: string }[]): Promise<void> {
  for (const { path, target } of links) {
    if (target === '' || target.startsWith('/') || /[\0\\]/.test(target))
      throw new ArchiveFault('unsafe', `${path} is a link that leaves the archive`);
    await mkdir(dirname(join(root, path)), { recursive: true });
    await symlink(target, join(root, path));
  }
  const home = await realpath(root);
  for (const { path } of links) {
    // Asking the file system is the only way that chains of links cannot deceive.
    const end = await realpath(join(root, path)).catch((error: NodeJS.ErrnoException) => {
      throw new ArchiveFault('unsafe', `${path} is a link that leads nowhere`, { cause: error });
    });
    if (!end.startsWith(home + sep)) throw new ArchiveFault('unsafe', `${path} is a link that leaves the archive`);
    if ((await stat(end)).isDirectory() && `${join(home, path)}${sep}`.startsWith(end + sep))
      throw new ArchiveFault('unsafe', `${path} is a link to a directory that it is in`);
  }
}

/**
 * The same checks, in memory, for small archives; links are refused.
 *
 * @returns path to bytes
 * @throws ArchiveFault
 */
export async function readTarGz(archive: Uint8Array, limits: UnpackLimits): Promise<Map<string, Uint8Array>> {
  const files = new Map<string, Uint8Array>();
  const budget = new Budget(limits.bytes);
  for await (const member of members(once(archive), limits)) {
    if (member.kind === 'directory') continue;
    if (member.kind !== 'file') throw new ArchiveFault('unsafe', `${member.path} is a link`);
    const chunks: Uint8Array[] = [];
    for await (const chunk of member.content) {
      budget.take(chunk.length);
      chunks.push(chunk);
    }
    files.set(member.path, Buffer.concat(chunks));
  }
  return files;
}

async function* once(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  yield bytes;
}

class Budget {
  taken = 0;
  constructor(private readonly limit: number) {}
  take(bytes: number): void {
    this.taken += bytes;
    if (this.taken > this.limit) throw new ArchiveFault('too-large', `unpacks to more than ${this.limit} bytes`);
  }
}
