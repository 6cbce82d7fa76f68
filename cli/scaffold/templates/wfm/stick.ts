import { createHash } from 'node:crypto';
import { mkdir, readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type FetchedManifest, type FleetManager, FleetManagerFault, type Json, type StatusReport } from 'tutti/plugin';

/**
 * A folder in place of a fleet manager:
 * - `manifest.json`: what the device shall run, signed or not as its dialect has it.
 * - `blobs/<digest>`: what the manifest names by digest, `sha256-<hex>` for `sha256:<hex>`.
 * - `capabilities.json` and `status/<deployment>.json`: what the device tells.
 *
 * Who calls checks every digest: what is read is handed over as it is.
 */
export class Stick implements FleetManager {
  constructor(
    private readonly folder: string,
    private readonly device: string,
  ) {}

  async enroll(signal: AbortSignal): Promise<string> {
    signal.throwIfAborted();
    return this.device;
  }

  async reportCapabilities(_client: string, capabilities: Readonly<Record<string, Json>>, signal: AbortSignal) {
    await this.#write('.', 'capabilities.json', capabilities, signal);
  }

  async manifest(
    _client: string,
    known: string | undefined,
    signal: AbortSignal,
  ): Promise<FetchedManifest | undefined> {
    const bytes = await this.#read('manifest.json', Number.MAX_SAFE_INTEGER, signal);
    const etag = createHash('sha256').update(bytes).digest('hex');
    return etag === known ? undefined : { bytes, etag };
  }

  bundle(_client: string, digest: string, limit: number, signal: AbortSignal): Promise<Uint8Array> {
    return this.#read(blob(digest), limit, signal);
  }

  deployment(_client: string, _id: string, digest: string, limit: number, signal: AbortSignal): Promise<Uint8Array> {
    return this.#read(blob(digest), limit, signal);
  }

  async reportStatus(_client: string, report: StatusReport, signal: AbortSignal): Promise<void> {
    // An id may look like a path.
    await this.#write('status', `${encodeURIComponent(report.deploymentId)}.json`, report, signal);
  }

  async #read(file: string, limit: number, signal: AbortSignal): Promise<Uint8Array> {
    return telling(signal, async () => {
      const path = join(this.folder, file);
      const { size } = await stat(path);
      if (size > limit)
        throw new FleetManagerFault('invalid', `${file} has ${size} bytes, more than the ${limit} allowed`);
      return readFile(path, { signal });
    });
  }

  async #write(folder: string, file: string, content: object, signal: AbortSignal): Promise<void> {
    await telling(signal, async () => {
      await mkdir(join(this.folder, folder), { recursive: true });
      await writeFile(join(this.folder, folder, file), JSON.stringify(content, undefined, 2), { signal });
    });
  }
}

function blob(digest: string): string {
  if (!/^sha256:[0-9a-f]{64}$/.test(digest)) throw new FleetManagerFault('invalid', 'a digest that is none');
  return join('blobs', digest.replace(':', '-'));
}

/** What goes wrong, in the port's words: it rejects with nothing else, an abort excepted. */
async function telling<T>(signal: AbortSignal, work: () => Promise<T>): Promise<T> {
  signal.throwIfAborted();
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
