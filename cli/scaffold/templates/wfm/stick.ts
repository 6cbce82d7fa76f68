import { createHash } from 'node:crypto';
import { appendFile, mkdir, readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type FetchedManifest, type FleetManager, FleetManagerFault, type Json, type StatusReport } from 'tutti/plugin';

/**
 * A folder in place of a fleet manager:
 * - `manifest.json`: what the device shall run, signed or not as its dialect has it.
 * - `blobs/<digest>`: what the manifest names by digest, `sha256-<hex>` for `sha256:<hex>`.
 * - `capabilities.json`, and `status/<deployment>.jsonl` with a line for each report: what the device tells.
 *
 * Who calls checks every digest: what is read is handed over as it is.
 */
export class Stick implements FleetManager {
  constructor(
    private readonly folder: string,
    private readonly device: string,
  ) {}

  async enroll(signal: AbortSignal): Promise<string> {
    return this.#telling(this.device, signal, async () => this.device);
  }

  async reportCapabilities(client: string, capabilities: Readonly<Record<string, Json>>, signal: AbortSignal) {
    await this.#telling(client, signal, () =>
      writeFile(join(this.folder, 'capabilities.json'), JSON.stringify(capabilities, undefined, 2), { signal }),
    );
  }

  async manifest(client: string, known: string | undefined, signal: AbortSignal): Promise<FetchedManifest | undefined> {
    const bytes = await this.#read(client, 'manifest.json', Number.MAX_SAFE_INTEGER, signal);
    const etag = createHash('sha256').update(bytes).digest('hex');
    return etag === known ? undefined : { bytes, etag };
  }

  async bundle(client: string, digest: string, limit: number, signal: AbortSignal): Promise<Uint8Array> {
    return this.#read(client, blob(digest), limit, signal);
  }

  async deployment(
    client: string,
    _id: string,
    digest: string,
    limit: number,
    signal: AbortSignal,
  ): Promise<Uint8Array> {
    return this.#read(client, blob(digest), limit, signal);
  }

  async reportStatus(client: string, report: StatusReport, signal: AbortSignal): Promise<void> {
    await this.#telling(client, signal, async () => {
      await mkdir(join(this.folder, 'status'), { recursive: true });
      // An id may look like a path.
      const file = join(this.folder, 'status', `${encodeURIComponent(report.deploymentId)}.jsonl`);
      await appendFile(file, `${JSON.stringify(report)}\n`);
    });
  }

  #read(client: string, file: string, limit: number, signal: AbortSignal): Promise<Uint8Array> {
    return this.#telling(client, signal, async () => {
      const path = join(this.folder, file);
      const { size } = await stat(path);
      if (size > limit) {
        throw new FleetManagerFault('invalid', `${file} has ${size} bytes, more than the ${limit} allowed`);
      }
      return readFile(path, { signal });
    });
  }

  /** What goes wrong, in the port's words: it rejects with nothing else, an abort excepted. */
  async #telling<T>(client: string, signal: AbortSignal, work: () => Promise<T>): Promise<T> {
    signal.throwIfAborted();
    if (client !== this.device) throw new FleetManagerFault('refused', `this is the stick of ${this.device} alone`);
    await stat(this.folder).catch((cause: unknown) => {
      throw new FleetManagerFault('unreachable', `${this.folder} is not there`, undefined, { cause });
    });
    try {
      return await work();
    } catch (error) {
      signal.throwIfAborted();
      if (error instanceof FleetManagerFault) throw error;
      const missing = error instanceof Error && 'code' in error && error.code === 'ENOENT';
      const message = error instanceof Error ? error.message : String(error);
      throw new FleetManagerFault(missing ? 'not-found' : 'unreachable', message, undefined, { cause: error });
    }
  }
}

function blob(digest: string): string {
  if (!/^sha256:[0-9a-f]{64}$/.test(digest)) throw new FleetManagerFault('invalid', 'a digest that is none');
  return join('blobs', digest.replace(':', '-'));
}
