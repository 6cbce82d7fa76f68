import { realpath } from 'node:fs/promises';
import { dirname, relative, resolve, sep } from 'node:path';
import { hasCode } from '../files/index.js';
import { formatIntegrity, type Integrity, type IntegrityAlgorithm, integrityOf, sameIntegrity } from './integrity.js';
import { isPath, locatePackage, packageFolder } from './locate.js';
import { PluginFault } from './plugin-fault.js';

/** What the file that names a plugin says of it. */
export interface PluginSource {
  /** A path or a package's name. */
  readonly specifier: string;
  /** The file that names it: paths and packages are looked for from its folder. */
  readonly from: string;
}

/** With what its files must be, where the file that names it pins it. */
export interface PinnedSource extends PluginSource {
  readonly integrity?: Integrity | undefined;
}

/**
 * Where a plugin's own files are: the file or the folder that its path leads to, or the folder of its package.
 * Nothing is imported.
 *
 * @returns absolute, symbolic links followed
 * @throws PluginFault
 */
export async function contentOf({ specifier, from }: PluginSource): Promise<string> {
  if (!isPath(specifier)) {
    const url = locatePackage(specifier, from);
    const folder = await packageFolder(specifier, url);
    if (folder !== undefined) return folder;
    throw new PluginFault('plugin-not-found', `no folder above ${url} is that of the package "${specifier}"`);
  }
  const path = resolve(dirname(from), specifier);
  return realpath(path).catch((cause: unknown) => {
    throw new PluginFault('plugin-not-found', `there is no plugin at "${specifier}" (looked at ${path})`, { cause });
  });
}

/**
 * The integrity of a plugin's own files. What it imports of other packages is theirs: a lock file pins that.
 *
 * @throws PluginFault when it is not there, or cannot be pinned
 */
export async function pinOf(source: PluginSource, algorithm: IntegrityAlgorithm = 'sha512'): Promise<Integrity> {
  const content = await contentOf(source);
  const { specifier } = source;
  if (await lies(source.from, content)) {
    const reason = 'the file that pins it lies in its folder, and would change its hash: keep that file elsewhere';
    throw new PluginFault('plugin-unpinnable', `"${specifier}" cannot be pinned: ${reason}`);
  }
  return integrityOf(content, algorithm).catch((cause: unknown) => {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new PluginFault('plugin-unpinnable', `"${specifier}" cannot be pinned: ${reason}`, { cause });
  });
}

/**
 * Passes if a plugin's files are the pinned ones.
 *
 * This is a statement about the moment at which they are read, and Node reads them again to import them. Whoever may
 * write to them while a host starts can be in between; that is why the host looks before and after it imports, and uses
 * nothing of what has changed meanwhile. It guards against another version, not against who may write here all the time.
 *
 * @throws PluginFault
 */
export async function verifyPin(source: PluginSource, pinned: Integrity): Promise<void> {
  const found = await pinOf(source, pinned.algorithm);
  if (sameIntegrity(found, pinned)) return;
  const message = `"${source.specifier}" is not what is pinned here: expected ${formatIntegrity(pinned)}, found ${formatIntegrity(found)}`;
  throw new PluginFault('plugin-integrity', message);
}

/** Whether a file, be it there or not, lies in a folder. */
async function lies(file: string, folder: string): Promise<boolean> {
  try {
    const way = relative(folder, await realpath(file));
    return way !== '' && way !== '..' && !way.startsWith(`..${sep}`);
  } catch (error) {
    if (hasCode(error, 'ENOENT')) return false;
    throw error;
  }
}
