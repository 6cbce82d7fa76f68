import { readdir, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import { promisify } from 'node:util';
import { gzip } from 'node:zlib';
import { pack } from 'tar-stream';
import { ArchiveFault } from './fault.js';
import { ancestors, byCodeUnit, safePath } from './path.js';

const gzipBytes = promisify(gzip);

export interface ArchiveEntry {
  /** Relative, `/` between segments, no `..`. Directories are made from the paths of the files. */
  readonly path: string;
  readonly bytes: Uint8Array;
  readonly executable?: boolean;
}

/**
 * A tar.gz whose bytes depend on the entries alone: sorted, no times, no owners, a gzip header without time or system.
 *
 * @throws ArchiveFault for a path that an unpacker must refuse, or one that comes twice
 */
export async function packTarGz(entries: Iterable<ArchiveEntry>): Promise<Uint8Array> {
  const files = new Map<string, ArchiveEntry>();
  const directories = new Set<string>();
  for (const entry of entries) {
    const path = safePath(entry.path);
    if (path === '' || files.has(path)) throw new ArchiveFault('unsafe', `${entry.path || '(no path)'} comes twice`);
    files.set(path, entry);
    for (const directory of ancestors(path)) directories.add(directory);
  }
  const archive = pack();
  const collected = buffer(archive);
  const same = { mtime: new Date(0), uid: 0, gid: 0, uname: '', gname: '' };
  for (const path of [...files.keys(), ...directories].sort(byCodeUnit)) {
    const file = files.get(path);
    if (file && directories.has(path)) throw new ArchiveFault('unsafe', `${path} is both a file and a directory`);
    if (file) archive.entry({ ...same, name: path, mode: file.executable ? 0o755 : 0o644 }, Buffer.from(file.bytes));
    else archive.entry({ ...same, name: `${path}/`, type: 'directory', mode: 0o755 });
  }
  archive.finalize();
  const bytes = await gzipBytes(await collected, { level: 9 });
  // RFC 1952 section 2.3.1: byte 9 names the operating system, 255 is "unknown". zlib writes no time of its own.
  bytes[9] = 255;
  return bytes;
}

export interface DirectoryLimits {
  /** Bytes of all files together. */
  readonly bytes: number;
  readonly entries: number;
}

/**
 * All regular files below a directory, sorted by path.
 *
 * @throws ArchiveFault for links and special files, which a receiver may refuse, and beyond the limits
 */
export async function directoryEntries(directory: string, limits: DirectoryLimits): Promise<ArchiveEntry[]> {
  const found = await readdir(directory, { recursive: true, withFileTypes: true });
  const paths: string[] = [];
  for (const entry of found) {
    const path = join(entry.parentPath, entry.name).slice(join(directory, '/').length).replaceAll('\\', '/');
    if (entry.isDirectory()) continue;
    if (!entry.isFile()) throw new ArchiveFault('unsafe', `${path} is neither a file nor a directory`);
    paths.push(safePath(path));
  }
  if (paths.length > limits.entries)
    throw new ArchiveFault('too-large', `${paths.length} files; at most ${limits.entries} are allowed`);
  const entries: ArchiveEntry[] = [];
  let left = limits.bytes;
  for (const path of paths.sort(byCodeUnit)) {
    const facts = await stat(join(directory, path));
    left -= facts.size;
    if (left < 0) throw new ArchiveFault('too-large', `the files have more than ${limits.bytes} bytes together`);
    entries.push({ path, bytes: await readFile(join(directory, path)), executable: (facts.mode & 0o100) !== 0 });
  }
  return entries;
}
