import { LRUCache } from 'lru-cache';
import type { StateProvider } from '../../core/ports/index.js';
import { blobKey, type Contents, type ManifestRecord, manifestBlobs } from './record.js';

/** Reads bundles and deployments of clients; the newest read stay in memory. */
export class BlobReader {
  readonly #cache: LRUCache<string, Uint8Array>;

  /** @param cacheBytes bytes of blobs that are kept in memory at most */
  constructor(
    private readonly state: StateProvider,
    cacheBytes: number,
  ) {
    this.#cache = new LRUCache({ maxSize: cacheBytes, sizeCalculation: (bytes) => bytes.byteLength + 1 });
  }

  /** Only what the client's manifest, or one of those kept before it, lists. */
  async read(
    clientId: string,
    digest: string,
    { contents, retired }: Pick<ManifestRecord, 'contents' | 'retired'>,
    listed: (contents: Contents) => boolean,
  ): Promise<Uint8Array | undefined> {
    if (![contents, ...retired].some(listed)) return undefined;
    const key = blobKey(clientId, digest);
    const cached = this.#cache.get(key);
    if (cached) return cached;
    const stored = await this.state.get(manifestBlobs, key);
    if (stored) this.#cache.set(key, stored.value);
    return stored?.value;
  }

  /** The exact bytes of every deployment that a manifest lists now. */
  all(clientId: string, { contents }: ManifestRecord): Promise<{ id: string; bytes: Uint8Array }[]> {
    return Promise.all(
      contents.deployments.map(async ({ id, digest }) => {
        const stored = await this.state.get(manifestBlobs, blobKey(clientId, digest));
        if (!stored) throw new Error(`the store has lost deployment ${id} (${digest}) of client ${clientId}`);
        return { id, bytes: stored.value };
      }),
    );
  }
}
