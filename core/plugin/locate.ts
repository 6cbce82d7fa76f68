import { readFile, realpath, stat } from 'node:fs/promises';
import { dirname, isAbsolute, join, resolve } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { resolve as resolveModule } from 'import-meta-resolve';
import { z } from 'zod';
import { hasCode, readIfThere } from '../files/index.js';
import { PluginFault } from './plugin-fault.js';
import { reasonOf } from './thrown.js';

/** Whether it names a file or a folder, not a package. */
export function isPath(specifier: string): boolean {
  return /^\.{1,2}([/\\]|$)/.test(specifier) || isAbsolute(specifier);
}

export interface Located {
  /** Of the module to import. */
  readonly url: string;
  /** Where the plugin's own code is: as it was named and with symbolic links followed. None where nobody can tell. */
  readonly folders: readonly string[];
}

/**
 * Where the module is that a specifier stands for.
 *
 * @param from the file that names it
 * @throws PluginFault
 */
export async function locate(specifier: string, from: string): Promise<Located> {
  if (!isPath(specifier)) {
    const url = locatePackage(specifier, from);
    const folder = await packageFolder(specifier, url);
    return { url, folders: folder === undefined ? [] : [folder] };
  }
  const path = resolve(dirname(from), specifier);
  try {
    const isFolder = (await stat(path)).isDirectory();
    const folder = isFolder ? path : dirname(path);
    const folders = [folder, await realpath(folder)];
    return { url: isFolder ? await folderEntry(specifier, path) : pathToFileURL(path).href, folders };
  } catch (cause) {
    if (cause instanceof PluginFault) throw cause;
    throw new PluginFault('plugin-not-found', `there is no plugin at "${specifier}" (looked at ${path})`, { cause });
  }
}

const packageFile = z.object({
  name: z.string().optional(),
  main: z.string().optional(),
  exports: z.unknown().optional(),
});

/** A folder is imported as the package that it holds, by the entry that its package.json names. */
async function folderEntry(specifier: string, folder: string): Promise<string> {
  const file = join(folder, 'package.json');
  try {
    const { name, main, exports } = packageFile.parse(JSON.parse(await readFile(file, 'utf8')));
    return name !== undefined && exports !== undefined
      ? resolveModule(name, pathToFileURL(file).href)
      : pathToFileURL(join(folder, main ?? 'index.js')).href;
  } catch (cause) {
    const [reason = ''] = reasonOf(cause).split('\n', 1);
    const message = hasCode(cause, 'ENOENT')
      ? `"${specifier}" is a folder without a package.json, which would name the module to import: write one, or name the module's file`
      : `"${specifier}" is a folder whose package.json names no module to import: ${reason}`;
    throw new PluginFault('plugin-not-found', message, { cause });
  }
}

/** The URL of the module that a package's name stands for, looked for from a file. */
export function locatePackage(specifier: string, from: string): string {
  try {
    return resolveModule(specifier, pathToFileURL(resolve(from)).href);
  } catch (cause) {
    throw new PluginFault(
      'plugin-not-found',
      `there is no package "${specifier}" to be found from ${dirname(resolve(from))}; a path starts with "./"`,
      { cause },
    );
  }
}

/**
 * The folder above a package's module that has the package's package.json; there may be others in between, without a
 * name. Symbolic links are followed. `undefined` where there is none.
 */
export async function packageFolder(specifier: string, url: string): Promise<string | undefined> {
  const module = url.startsWith('file:') ? await realIfThere(fileURLToPath(url)) : undefined;
  if (module === undefined) return undefined;
  const name = specifier.split('/', specifier.startsWith('@') ? 2 : 1).join('/');
  for (let folder = dirname(module); ; folder = dirname(folder)) {
    const text = await readIfThere(join(folder, 'package.json'));
    if (text !== undefined && nameIn(text) === name) return folder;
    if (folder === dirname(folder)) return undefined;
  }
}

async function realIfThere(path: string): Promise<string | undefined> {
  try {
    return await realpath(path);
  } catch (error) {
    if (hasCode(error, 'ENOENT')) return undefined;
    throw error;
  }
}

const named = z.looseObject({ name: z.string() });

/** The name that a package.json has; `undefined` for one that is none. */
function nameIn(text: string): string | undefined {
  try {
    return named.safeParse(JSON.parse(text)).data?.name;
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}
