import { chmod, mkdir, open, readFile, rename, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { parseToken, type TokenParts, tokenText } from './token.js';

const ownerOnly = 0o600;

/** Where the first admin token is left for the person who runs the host. */
export class AdminFile {
  readonly path: string;

  constructor(dataDir: string) {
    this.path = join(dataDir, 'admin.token');
  }

  /** The token in the file; `undefined` when there is none or something else is in it. */
  async read(): Promise<TokenParts | undefined> {
    try {
      return parseToken((await readFile(this.path, 'utf8')).trim());
    } catch (error) {
      if (isMissing(error)) return undefined;
      throw error;
    }
  }

  /** Readable by the owner alone from its first byte on, and there wholly or not at all, a power loss included. */
  async write(token: TokenParts): Promise<void> {
    const directory = dirname(this.path);
    const fresh = `${this.path}.new`;
    await mkdir(directory, { recursive: true });
    await rm(fresh, { force: true });
    const file = await open(fresh, 'wx', ownerOnly);
    try {
      await file.writeFile(`${tokenText(token)}\n`);
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(fresh, this.path);
    await syncDirectory(directory);
  }

  /** For a file that was copied into place with a wider mode. */
  async protect(): Promise<void> {
    await chmod(this.path, ownerOnly);
  }

  /** Removes the file when it holds this token: what is revoked must not come back from it. */
  async forget(id: string): Promise<void> {
    if ((await this.read())?.id === id) await rm(this.path, { force: true });
  }
}

async function syncDirectory(path: string): Promise<void> {
  const directory = await open(path, 'r');
  try {
    await directory.sync();
  } finally {
    await directory.close();
  }
}

function isMissing(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'ENOENT';
}
