import * as files from '../../files/index.js';

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

export const { makePrivateDirectory, replaceFile } = files;

/** @returns `undefined` when there is no such file */
export async function readIfThere(file: string): Promise<string | undefined> {
  try {
    return await files.readIfThere(file);
  } catch (cause) {
    throw new IdentityFileFault(file, `cannot be read (${files.codeOf(cause)})`, { cause });
  }
}

/** @returns what the file holds now: `content`, or what another process wrote before */
export async function createFile(file: string, content: string, mode: number): Promise<string> {
  if (await files.createFile(file, content, mode)) return content;
  return (await readIfThere(file)) ?? createFile(file, content, mode);
}
