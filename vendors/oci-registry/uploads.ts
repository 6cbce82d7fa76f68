import { createHash, type Hash, randomUUID } from 'node:crypto';
import { type FileHandle, open, readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { Clock } from '../../core/plugin/index.js';
import { makeFolder } from './durable.js';
import { DistributionFault, storageFault } from './fault.js';

export interface UploadLimits {
  /** Bytes of the largest blob. */
  readonly blobLimit: number;
  /** Uploads open at the same time. */
  readonly openUploads: number;
  /** Milliseconds after which an upload that nobody writes to is dropped. */
  readonly uploadIdle: number;
}

interface Upload {
  readonly id: string;
  readonly repository: string;
  readonly path: string;
  readonly file: FileHandle;
  readonly hash: Hash;
  size: number;
  touched: number;
  /** One writer at a time: two would mix their bytes. */
  busy: boolean;
}

/**
 * Blobs on their way in: bytes go to a file of their own and are hashed as they come; nobody can read them before
 * their digest is known to be right. An upload does not outlive the process: its client starts again.
 */
export class Uploads {
  readonly #open = new Map<string, Upload>();
  /** Counted apart, so that many requests at once cannot pass the limit together. */
  #opening = 0;

  constructor(
    readonly folder: string,
    private readonly limits: UploadLimits,
    private readonly clock: Clock,
  ) {}

  /** Makes the folder and drops what an earlier process left half-written. */
  async start(): Promise<void> {
    await makeFolder(this.folder);
    for (const name of await readdir(this.folder)) await rm(join(this.folder, name), { recursive: true, force: true });
  }

  async begin(repository: string): Promise<string> {
    if (this.#open.size + this.#opening >= this.limits.openUploads) {
      throw new DistributionFault(
        429,
        'TOOMANYREQUESTS',
        `${this.limits.openUploads} uploads are open already; finish one or wait`,
        { headers: { 'Retry-After': '5' } },
      );
    }
    const id = randomUUID();
    const path = join(this.folder, id);
    this.#opening += 1;
    try {
      const file = await open(path, 'wx', 0o600);
      const hash = createHash('sha256');
      this.#open.set(id, { id, repository, path, file, hash, size: 0, touched: this.clock.now(), busy: false });
      return id;
    } catch (error) {
      throw storageFault(error);
    } finally {
      this.#opening -= 1;
    }
  }

  /** @returns bytes received so far */
  size(repository: string, id: string): number {
    return this.#find(repository, id).size;
  }

  /**
   * Appends to an upload. When the source breaks off, what came before is kept and the client may go on from there.
   * @param at the offset that the client believes to be at
   * @returns bytes received so far
   */
  async append(repository: string, id: string, bytes: AsyncIterable<Uint8Array>, at?: number): Promise<number> {
    const upload = this.#take(repository, id);
    try {
      if (at !== undefined && at !== upload.size) {
        throw new DistributionFault(416, 'BLOB_UPLOAD_INVALID', `the upload goes on at ${upload.size}, not at ${at}`, {
          headers: { Range: range(upload.size) },
        });
      }
      for await (const chunk of bytes) await this.#write(upload, chunk);
      return upload.size;
    } finally {
      upload.busy = false;
      upload.touched = this.clock.now();
    }
  }

  /**
   * Checks the digest, makes the bytes durable and hands the file to `publish`, which moves it to its place.
   * Wrong bytes are dropped with the upload.
   */
  async finish(
    repository: string,
    id: string,
    digest: string,
    publish: (path: string) => Promise<void>,
  ): Promise<void> {
    const upload = this.#take(repository, id);
    try {
      const found = `sha256:${upload.hash.digest('hex')}`;
      if (found !== digest) {
        throw new DistributionFault(400, 'DIGEST_INVALID', `the bytes received are ${found}, not ${digest}`);
      }
      await upload.file.sync();
      await publish(upload.path);
    } catch (error) {
      throw storageFault(error);
    } finally {
      await this.#drop(upload);
    }
  }

  async cancel(repository: string, id: string): Promise<void> {
    await this.#drop(this.#take(repository, id));
  }

  /** Drops an upload that may be gone already. */
  async abandon(id: string): Promise<void> {
    const upload = this.#open.get(id);
    if (upload) await this.#drop(upload);
  }

  /** Drops what nobody has written to for too long. */
  async sweep(): Promise<void> {
    const before = this.clock.now() - this.limits.uploadIdle;
    for (const upload of [...this.#open.values()]) {
      if (!upload.busy && upload.touched < before) await this.#drop(upload);
    }
  }

  async stop(): Promise<void> {
    for (const upload of [...this.#open.values()]) await this.#drop(upload);
  }

  async #write(upload: Upload, chunk: Uint8Array): Promise<void> {
    if (upload.size + chunk.byteLength > this.limits.blobLimit) {
      await this.#drop(upload);
      throw new DistributionFault(413, 'SIZE_INVALID', `a blob may have ${this.limits.blobLimit} bytes at most`);
    }
    try {
      await upload.file.writeFile(chunk);
    } catch (error) {
      await this.#drop(upload);
      throw storageFault(error);
    }
    upload.hash.update(chunk);
    upload.size += chunk.byteLength;
  }

  #find(repository: string, id: string): Upload {
    const upload = this.#open.get(id);
    if (upload?.repository === repository) return upload;
    throw new DistributionFault(404, 'BLOB_UPLOAD_UNKNOWN', 'there is no such upload (any more); begin a new one');
  }

  #take(repository: string, id: string): Upload {
    const upload = this.#find(repository, id);
    if (upload.busy) {
      throw new DistributionFault(409, 'BLOB_UPLOAD_INVALID', 'another request is writing to this upload');
    }
    upload.busy = true;
    return upload;
  }

  async #drop(upload: Upload): Promise<void> {
    // The id goes first: nobody finds an upload that is being dropped.
    if (!this.#open.delete(upload.id)) return;
    try {
      await upload.file.close();
    } finally {
      await rm(upload.path, { force: true });
    }
  }
}

/** `0-<last>`; the form `0-0` for nothing yet is docker's. */
export function range(size: number): string {
  return `0-${Math.max(size - 1, 0)}`;
}
