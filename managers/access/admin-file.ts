import { chmod, mkdir, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { readIfThere, replaceFile } from '../../core/files/index.js';
import { parseToken, type TokenParts, tokenText } from './token.js';

const ownerOnly = 0o600;

/** Where the first admin token is left for the person who runs the host. */
export class AdminFile {
  readonly path: string;

  /** Left beside it by whoever has lost every admin token: who can write here can read the state too. */
  readonly resetPath: string;

  constructor(dataDir: string) {
    this.path = join(dataDir, 'admin.token');
    this.resetPath = `${this.path}.reset`;
  }

  /** The token in the file; `undefined` when there is none or something else is in it. */
  async read(): Promise<TokenParts | undefined> {
    const text = await readIfThere(this.path);
    return text === undefined ? undefined : parseToken(text.trim());
  }

  async resetIsAsked(): Promise<boolean> {
    return (await readIfThere(this.resetPath)) !== undefined;
  }

  async resetIsDone(): Promise<void> {
    await rm(this.resetPath, { force: true });
  }

  /** Readable by the owner alone from its first byte on, and there wholly or not at all, a power loss included. */
  async write(token: TokenParts): Promise<void> {
    await mkdir(dirname(this.path), { recursive: true });
    await replaceFile(this.path, `${tokenText(token)}\n`, ownerOnly);
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
