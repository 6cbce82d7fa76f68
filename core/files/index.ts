import { randomBytes } from 'node:crypto';
import { chmod, link, lstat, mkdir, open, readdir, readFile, rename, rm, stat } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';

/** Whether an error is the operating system's, of one of these codes, such as `ENOENT`. */
export function hasCode(error: unknown, ...codes: readonly string[]): boolean {
  return error instanceof Error && 'code' in error && codes.some((code) => error.code === code);
}

/** The operating system's code of an error, or its text where it has none. */
export function codeOf(error: unknown): string {
  return error instanceof Error && 'code' in error ? String(error.code) : String(error);
}

/** Why a file that a setting names cannot be read, for a person. */
export function unreadable(error: unknown, file: string, setting: string): string {
  const why = hasCode(error, 'ENOENT') ? 'is not there (yet)' : `cannot be read (${codeOf(error)})`;
  return `its file ${file} (\`${setting}\`) ${why}`;
}

/** @returns `undefined` when there is no such file */
export async function readIfThere(file: string): Promise<string | undefined> {
  try {
    return await readFile(file, 'utf8');
  } catch (error) {
    if (hasCode(error, 'ENOENT')) return undefined;
    throw error;
  }
}

/** Milliseconds after which nobody can still be writing a temporary file, in whatever process. */
const abandonedAfter = 60_000;
const temporaryName = /^\..+\.[0-9a-f]{12}$/;

/**
 * Makes a directory its owner's alone, also when it was there before. What writers left that were killed goes: it may be
 * a private key that nobody knows of.
 */
export async function makePrivateDirectory(directory: string): Promise<void> {
  await mkdir(directory, { recursive: true, mode: 0o700 });
  // Only when it must be: a change of mode wakes everybody who watches the directory.
  if (((await stat(directory)).mode & 0o777) !== 0o700) await chmod(directory, 0o700);
  await removeAbandoned(directory);
}

async function removeAbandoned(directory: string): Promise<void> {
  for (const name of await readdir(directory)) {
    if (!temporaryName.test(name)) continue;
    const file = join(directory, name);
    try {
      const found = await lstat(file);
      if (found.isFile() && Date.now() - found.mtimeMs > abandonedAfter) await rm(file, { force: true });
    } catch (error) {
      // Its writer, or somebody else who tidies up, was faster.
      if (!hasCode(error, 'ENOENT')) throw error;
    }
  }
}

/** Makes new and renamed entries of a directory survive a power cut. */
export async function syncDirectory(directory: string): Promise<void> {
  const handle = await open(directory, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

/**
 * Replaces a file so that readers see the old content or the new one, and so do those after a crash or a power cut.
 *
 * @param mode of the new file, from its first byte on
 */
export async function replaceFile(file: string, content: string | Uint8Array, mode: number): Promise<void> {
  await viaTemporary(file, content, mode, (temporary) => rename(temporary, file));
}

/**
 * Writes a file only if it is not there yet, wholly or not at all; of several processes one wins.
 *
 * @returns whether it was written
 */
export async function createFile(file: string, content: string | Uint8Array, mode: number): Promise<boolean> {
  try {
    await viaTemporary(file, content, mode, (temporary) => link(temporary, file));
    return true;
  } catch (error) {
    if (hasCode(error, 'EEXIST')) return false;
    throw error;
  }
}

async function viaTemporary(
  file: string,
  content: string | Uint8Array,
  mode: number,
  publish: (temporary: string) => Promise<void>,
): Promise<void> {
  // As `temporaryName` has it.
  const temporary = join(dirname(file), `.${basename(file)}.${randomBytes(6).toString('hex')}`);
  try {
    const handle = await open(temporary, 'wx', mode);
    try {
      await handle.writeFile(content);
      await handle.sync();
    } finally {
      await handle.close();
    }
    await publish(temporary);
    await syncDirectory(dirname(file));
  } finally {
    await rm(temporary, { force: true });
  }
}

/** What a file of one text holds, such as a password, without the line break that an editor leaves at its end. */
export async function readText(file: string): Promise<string> {
  return (await readFile(file, 'utf8')).replace(/\r?\n$/, '');
}
