import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { basename, join, resolve } from 'node:path';
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
    const list = join(work, 'sources.list');
    writeFileSync(list, `deb [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] ${mirror()} trixie main\n`);
    mkdirSync(join(work, 'lists/partial'), { recursive: true });
    mkdirSync(join(work, 'cache/archives/partial'), { recursive: true });
    const options = [
      ['Dir::Etc::SourceList', list],
      ['Dir::Etc::SourceParts', '-'],
      ['Dir::State::Lists', join(work, 'lists')],
      ['Dir::Cache', join(work, 'cache')],
      ['Acquire::Retries', '3'],
      ['APT::Sandbox::User', 'root'],
    ].flatMap(([name, value]) => ['-o', `${name}=${value}`]);
    await must('apt-get', [...options, '-q', 'update']);
    await must('apt-get', [...options, '-q', 'download', ...packages], { cwd: work });
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

/** The machine's own Debian archive: the first source that is not the security one. */
function mirror(): string {
  const folder = '/etc/apt/sources.list.d';
  const files = [
    '/etc/apt/sources.list',
    ...(existsSync(folder) ? readdirSync(folder).map((name) => join(folder, name)) : []),
  ].filter((file) => /\.(list|sources)$/.test(file) && existsSync(file));
  for (const file of files) {
    const text = readFileSync(file, 'utf8');
    const uri = /^(?:URIs:\s*|deb\s+(?:\[[^\]]*\]\s+)?)(\S+\/debian)\/?(?:\s|$)/m.exec(text)?.[1];
    if (uri !== undefined) return uri;
  }
  throw new Error(`none of ${files.join(', ')} names a Debian archive`);
}
