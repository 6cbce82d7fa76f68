import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { hasCode } from '../../core/files/index.js';
import type { Installation } from '../installation.js';
import type { ScaffoldKind } from './kinds.js';
import type { Names } from './names.js';
import { packageFile } from './package-file.js';
import { templatesOf } from './templates.js';

export interface ScaffoldOptions {
  readonly kind: ScaffoldKind;
  readonly names: Names;
  /** Where the package goes, absolute: a folder that is empty, or not there yet. */
  readonly folder: string;
  readonly installation: Installation;
}

/** Somebody's files are in the way. */
export class FolderTaken extends Error {
  override readonly name = 'FolderTaken';
}

/** npm leaves a `.gitignore` out of what it packs, so that the template's has another name. */
const renamed: Readonly<Record<string, string>> = { gitignore: '.gitignore' };

/**
 * Writes a package that is ready to run, from the templates of its kind. Overwrites nothing.
 *
 * @returns the names of its files, in alphabetical order
 * @throws FolderTaken
 */
export async function scaffold({ kind, names, folder, installation }: ScaffoldOptions): Promise<readonly string[]> {
  const files = new Map([['package.json', packageFile(kind, names, folder, installation)]]);
  for (const { path, placeholder } of templatesOf(kind)) {
    const name = basename(path);
    const text = await readFile(join(installation.folder, path), 'utf8');
    files.set(renamed[name] ?? name, text.replaceAll(placeholder, names.short));
  }
  await makeEmpty(folder);
  for (const [file, text] of files) await writeFile(join(folder, file), text, { flag: 'wx' });
  return [...files.keys()].sort();
}

async function makeEmpty(folder: string): Promise<void> {
  try {
    await mkdir(folder, { recursive: true });
    if ((await readdir(folder)).length === 0) return;
  } catch (error) {
    if (!hasCode(error, 'EEXIST', 'ENOTDIR')) throw error;
  }
  throw new FolderTaken(`${folder} is there already`);
}
