import { randomBytes } from 'node:crypto';
import { chmod, link, mkdir, open, readFile, rename, rm, stat } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';

/** A key or certificate file that cannot be used. The message names the file and holds nothing of it. */
export class IdentityFileFault extends Error {
  override readonly name = 'IdentityFileFault';
  constructor(
    readonly file: string,
    why: string,
    options?: ErrorOptions,
  ) {
    super(`${file}: ${why}`, options);
  }
}

/** Modes of files that hold a private key, and of those that anybody may read. */
export const modes = { key: 0o600, certificate: 0o644 } as const;

/** Makes a directory for keys: its owner's alone, also when it was there before. */
export async function makePrivateDirectory(directory: string): Promise<void> {
  await mkdir(directory, { recursive: true, mode: 0o700 });
  // Only when it must be: a change of mode wakes everybody who watches the directory.
  if (((await stat(directory)).mode & 0o777) !== 0o700) await chmod(directory, 0o700);
}

/** @returns `undefined` when there is no such file */
export async function readIfThere(file: string): Promise<string | undefined> {
  try {
    return await readFile(file, 'utf8');
  } catch (cause) {
    if (hasCode(cause, 'ENOENT')) return undefined;
    throw new IdentityFileFault(file, `cannot be read (${codeOf(cause)})`, { cause });
  }
}

/** Replaces a file so that readers see the old or the new one, and a crash leaves one of them. */
export async function replaceFile(file: string, content: string, mode: number): Promise<void> {
  await viaTemporary(file, content, mode, (temporary) => rename(temporary, file));
}

/**
 * Writes a file only if it is not there yet, wholly or not at all; of several processes one wins.
 *
 * @returns what the file holds now: `content`, or what another process wrote before
 */
export async function createFile(file: string, content: string, mode: number): Promise<string> {
  try {
    await viaTemporary(file, content, mode, (temporary) => link(temporary, file));
    return content;
  } catch (cause) {
    if (!hasCode(cause, 'EEXIST')) throw cause;
    return (await readIfThere(file)) ?? createFile(file, content, mode);
  }
}

async function viaTemporary(
  file: string,
  content: string,
  mode: number,
  publish: (temporary: string) => Promise<void>,
): Promise<void> {
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
  } finally {
    await rm(temporary, { force: true });
  }
}

function hasCode(error: unknown, code: string): boolean {
  return codeOf(error) === code;
}

function codeOf(error: unknown): string {
  return error instanceof Error && 'code' in error ? String(error.code) : String(error);
}
