import { createHash } from 'node:crypto';
import {
  type ArtifactManifest,
  type ArtifactReference,
  type ArtifactRegistry,
  type ArtifactToPush,
  type Descriptor,
  RegistryFault,
  type ResolvedArtifact,
} from '../../core/ports/index.js';

const digestOf = (bytes: Uint8Array): string => `sha256:${createHash('sha256').update(bytes).digest('hex')}`;

/** A registry in memory, for tests that are about something else. */
export class MemoryRegistry implements ArtifactRegistry {
  readonly #manifests = new Map<string, ResolvedArtifact>();
  readonly #blobs = new Map<string, Uint8Array>();
  /** Calls that reached the registry, oldest first. */
  readonly calls: string[] = [];
  /** Every call fails while it is set. */
  unreachable = false;

  async resolve(reference: ArtifactReference): Promise<ResolvedArtifact> {
    this.#called('resolve');
    const found = this.#manifests.get(key(reference));
    if (!found) throw new RegistryFault('not-found', `${key(reference)} is not there`);
    return found;
  }

  async *pull(
    _at: Pick<ArtifactReference, 'registry' | 'repository'>,
    blob: Descriptor,
    call?: { signal?: AbortSignal },
  ): AsyncGenerator<Uint8Array> {
    this.#called('pull');
    call?.signal?.throwIfAborted();
    yield await this.fetch(_at, blob);
  }

  async fetch(_at: Pick<ArtifactReference, 'registry' | 'repository'>, blob: Descriptor): Promise<Uint8Array> {
    const bytes = this.#blobs.get(blob.digest);
    if (!bytes) throw new RegistryFault('not-found', `${blob.digest} is not there`);
    return bytes;
  }

  async tags(): Promise<readonly string[]> {
    return [...this.#manifests.values()].flatMap(({ reference }) => reference.tag ?? []);
  }

  async push(to: ArtifactReference, artifact: ArtifactToPush): Promise<Descriptor> {
    const layers = artifact.layers.map(({ mediaType, bytes }) => ({ mediaType, ...this.#store(bytes) }));
    const config = { mediaType: 'application/vnd.oci.empty.v1+json', ...this.#store(Buffer.from('{}')) };
    const manifest: ArtifactManifest = { schemaVersion: 2, artifactType: artifact.artifactType, config, layers };
    const mediaType = 'application/vnd.oci.image.manifest.v1+json';
    const descriptor = { mediaType, ...this.#store(Buffer.from(JSON.stringify(manifest))) };
    const resolved = { reference: to, descriptor, manifest };
    this.#manifests.set(key(to), resolved);
    this.#manifests.set(key({ ...to, digest: descriptor.digest }), resolved);
    return descriptor;
  }

  #store(bytes: Uint8Array): { digest: string; size: number } {
    const digest = digestOf(bytes);
    this.#blobs.set(digest, bytes);
    return { digest, size: bytes.length };
  }

  #called(what: string): void {
    this.calls.push(what);
    if (this.unreachable) throw new RegistryFault('unreachable', 'nobody answers');
  }
}

const key = ({ registry, repository, tag, digest }: ArtifactReference): string =>
  `${registry}/${repository}${digest === undefined ? `:${tag}` : `@${digest}`}`;
