import { createHash } from 'node:crypto';
import {
  type ArtifactManifest,
  type ArtifactReference,
  type ArtifactRegistry,
  type ArtifactToPush,
  type Descriptor,
  type RegistryCall,
  RegistryFault,
  type ResolvedArtifact,
} from '../../core/ports/index.js';

/** An artifact registry in memory that can be away, deny, lose blobs and keep its callers waiting. */
export class MemoryRegistry implements ArtifactRegistry {
  readonly #blobs = new Map<string, Uint8Array>();
  readonly #manifests = new Map<string, ResolvedArtifact>();
  readonly #referrers = new Map<string, readonly Descriptor[]>();
  /** Throws what a call shall meet, or keeps it waiting; called before everything else. */
  before: (call: RegistryCall) => Promise<void> | void = () => undefined;
  /** Calls of `resolve` so far. */
  resolved = 0;

  async resolve(reference: ArtifactReference, call: RegistryCall = {}): Promise<ResolvedArtifact> {
    this.resolved++;
    await this.before(call);
    const found = this.#manifests.get(`${reference.repository}:${reference.digest ?? reference.tag}`);
    if (!found) throw new RegistryFault('not-found', `there is no ${reference.repository}`);
    return found;
  }

  pull(): AsyncIterable<Uint8Array> {
    throw new Error('packages are fetched, not streamed');
  }

  async fetch(
    _at: Pick<ArtifactReference, 'registry' | 'repository'>,
    { digest }: Descriptor,
    limit: number,
  ): Promise<Uint8Array> {
    const bytes = this.#blobs.get(digest);
    if (!bytes) throw new RegistryFault('not-found', `there is no blob ${digest}`);
    if (bytes.byteLength > limit) throw new RegistryFault('refused', 'too large');
    return bytes;
  }

  async tags(): Promise<readonly string[]> {
    return [];
  }

  async referrers({ digest }: ArtifactReference, artifactType: string, call: RegistryCall = {}) {
    await this.before(call);
    return (this.#referrers.get(digest ?? '') ?? []).filter((one) => one.artifactType === artifactType);
  }

  /** Pushes an artifact that names another as its subject. */
  async refer(subject: string, to: ArtifactReference, artifact: ArtifactToPush): Promise<Descriptor> {
    const { descriptor } = await this.resolve({ ...to, digest: subject });
    const referrer = { ...this.#put(to, artifact, descriptor), artifactType: artifact.artifactType };
    this.#referrers.set(subject, [...(this.#referrers.get(subject) ?? []), referrer]);
    return referrer;
  }

  async push(to: ArtifactReference, artifact: ArtifactToPush): Promise<Descriptor> {
    return this.#put(to, artifact);
  }

  #put(to: ArtifactReference, { layers, artifactType }: ArtifactToPush, subject?: Descriptor): Descriptor {
    const kept = layers.map(({ bytes, ...rest }) => ({ ...rest, ...this.#keep(bytes) }));
    const config = {
      mediaType: 'application/vnd.oci.empty.v1+json',
      ...this.#keep(new TextEncoder().encode('{}')),
    };
    const manifest: ArtifactManifest = {
      schemaVersion: 2,
      artifactType,
      config,
      layers: kept,
      ...(subject && { subject }),
    };
    const descriptor = {
      mediaType: 'application/vnd.oci.image.manifest.v1+json',
      ...this.#keep(new TextEncoder().encode(JSON.stringify(manifest))),
    };
    for (const name of [to.tag, descriptor.digest]) {
      this.#manifests.set(`${to.repository}:${name}`, { reference: to, descriptor, manifest });
    }
    return descriptor;
  }

  /** Forgets a blob, as a registry with a broken disk does. */
  lose(digest: string): void {
    this.#blobs.delete(digest);
  }

  #keep(bytes: Uint8Array): { digest: string; size: number } {
    const digest = `sha256:${createHash('sha256').update(bytes).digest('hex')}`;
    this.#blobs.set(digest, bytes);
    return { digest, size: bytes.byteLength };
  }
}
