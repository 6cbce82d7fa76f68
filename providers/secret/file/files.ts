import { constants } from 'node:fs';
import { type FileHandle, open, realpath, stat } from 'node:fs/promises';
import { join, relative, sep } from 'node:path';
import { codeOf, hasCode } from '../../../core/files/index.js';
import {
  type Health,
  isSecretName,
  type Lifecycle,
  SecretFault,
  type SecretProvider,
} from '../../../core/plugin/index.js';
import { largestFile, readSecret } from './value.js';

/** A mount may be replaced while it is read: that something is not there is believed when it was so this often. */
const mostTries = 3;

/**
 * A file for each secret, read anew at each call and kept by nobody. Links are followed, as Kubernetes makes them
 * (`password -> ..data/password`), but not out of the directory: a link that leads elsewhere is `invalid`.
 */
export class SecretFiles implements SecretProvider, Lifecycle {
  /** Names of secrets that every user of the machine can read, with the modes of their files. */
  readonly #exposed = new Map<string, string>();

  /** @param warn whether a file that others can read degrades the health */
  constructor(
    private readonly directory: string,
    private readonly warn: boolean,
  ) {}

  /** @throws Error when the directory is not there: nothing could ever be read, and the path may be mistyped */
  async start(): Promise<void> {
    const found = await stat(this.directory).catch((cause: unknown) => {
      throw new Error(`the directory ${this.directory} of secrets cannot be read (${codeOf(cause)})`, { cause });
    });
    if (!found.isDirectory()) throw new Error(`${this.directory} is no directory; a directory of secrets is needed`);
  }

  async get(name: string, signal?: AbortSignal): Promise<string> {
    signal?.throwIfAborted();
    if (!isSecretName(name)) {
      throw new SecretFault('invalid', `${JSON.stringify(name.slice(0, 80))} cannot be the name of a secret`);
    }
    for (let tries = 1; ; tries++) {
      try {
        return readSecret(await this.#content(name), this.#called(name));
      } catch (error) {
        if (tries === mostTries || !(error instanceof SecretFault) || error.reason !== 'not-found') throw error;
      } finally {
        signal?.throwIfAborted();
      }
    }
  }

  health(): Health {
    const [first, ...others] = [...this.#exposed].map(([name, mode]) => `${name} (mode ${mode})`);
    if (first === undefined) return { status: 'ok' };
    const more = others.length > 0 ? ` and ${others.length} more` : '';
    return {
      status: 'degraded',
      reason: `every user of this machine can read ${first}${more} in ${this.directory}; take the right from others (chmod o-r), or set \`readableByOthers: allow\``,
    };
  }

  #called(name: string): string {
    return `secret ${name} in ${this.directory}`;
  }

  async #content(name: string): Promise<Buffer> {
    const called = this.#called(name);
    let handle: FileHandle;
    try {
      // Links are resolved by now, and one that came in between is not followed. A pipe must not make us wait.
      handle = await open(await this.#locate(name), constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
    } catch (cause) {
      throw fault(cause, 'not-found', called);
    }
    try {
      const found = await handle.stat();
      if (found.isDirectory()) throw new SecretFault('not-found', `${called} is a directory, and no file`);
      if (!found.isFile()) throw new SecretFault('invalid', `${called} is no file`);
      await this.#judge(name, found.mode);
      return await readUpTo(handle, largestFile + 1);
    } catch (cause) {
      throw fault(cause, 'unreachable', called);
    } finally {
      await handle.close();
    }
  }

  /** The real path of a secret's file. */
  async #locate(name: string): Promise<string> {
    const root = await realpath(this.directory).catch((cause: unknown) => {
      throw fault(cause, 'unreachable', `the directory ${this.directory} of secrets`);
    });
    const file = await realpath(join(root, name));
    const path = relative(root, file);
    if (path === '..' || path.startsWith(`..${sep}`)) {
      throw new SecretFault('invalid', `${this.#called(name)}: its file is a link that leads out of the directory`);
    }
    return file;
  }

  /** A directory that others cannot enter keeps what is in it from them, whatever the modes of the files. */
  async #judge(name: string, mode: number): Promise<void> {
    const exposed = this.warn && (mode & constants.S_IROTH) !== 0 && (await this.#isOpen());
    if (exposed) this.#exposed.set(name, `0${(mode & 0o777).toString(8)}`);
    else this.#exposed.delete(name);
  }

  async #isOpen(): Promise<boolean> {
    return ((await stat(this.directory)).mode & constants.S_IXOTH) !== 0;
  }
}

async function readUpTo(handle: FileHandle, limit: number): Promise<Buffer> {
  const buffer = Buffer.alloc(limit);
  let size = 0;
  for (let read = -1; read !== 0 && size < limit; size += read) {
    ({ bytesRead: read } = await handle.read(buffer, size));
  }
  return buffer.subarray(0, size);
}

/** @param missing what it means that something is not there */
function fault(cause: unknown, missing: SecretFault['reason'], what: string): SecretFault {
  if (cause instanceof SecretFault) return cause;
  if (hasCode(cause, 'ENOENT', 'ENOTDIR')) return new SecretFault(missing, `${what} is not there`, { cause });
  if (hasCode(cause, 'EACCES', 'EPERM')) {
    return new SecretFault('denied', `${what} may not be read by the user that this host runs as`, { cause });
  }
  if (hasCode(cause, 'ELOOP', 'ENAMETOOLONG')) {
    return new SecretFault('invalid', `${what} cannot be read (${codeOf(cause)})`, { cause });
  }
  return new SecretFault('unreachable', `${what} cannot be read now (${codeOf(cause)})`, { cause });
}
