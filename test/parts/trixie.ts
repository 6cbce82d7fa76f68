import { existsSync, mkdirSync, mkdtempSync, readdirSync, renameSync, rmSync } from 'node:fs';
import { basename, join, resolve } from 'node:path';
import { openArchive } from './archive.js';
import { executable, must } from './tools.js';

/** Kept between runs, ignored by git: one folder for each package and version. */
const cache = resolve(import.meta.dirname, '../../.cache/parts');

/** A file of an unpacked package, as an absolute path. */
export function findUnpacked(path: string): string | undefined {
  if (!existsSync(cache)) return undefined;
  return readdirSync(cache)
    .filter((folder) => folder.includes('_'))
    .map((folder) => join(cache, folder, path))
    .find(executable);
}

/**
 * Unpacks packages of Debian trixie without installing them: bookworm has no Compose v2 and no ORAS, and theirs depend
 * on nothing but libc. The machine's own package lists are not touched.
 */
export async function unpackFromTrixie(packages: readonly string[]): Promise<void> {
  mkdirSync(cache, { recursive: true });
  const work = mkdtempSync(join(cache, 'work-'));
  try {
    const archive = await openArchive('deb', 'trixie', work);
    await archive('download', ...packages);
    for (const file of readdirSync(work).filter((name) => name.endsWith('.deb'))) {
      const unpacked = join(work, 'unpacked', basename(file, '.deb'));
      mkdirSync(unpacked, { recursive: true });
      await must('dpkg-deb', ['-x', join(work, file), unpacked]);
      // Renamed when complete, so that a folder that is there is whole.
      const kept = join(cache, basename(file, '.deb'));
      rmSync(kept, { recursive: true, force: true });
      renameSync(unpacked, kept);
    }
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
}
