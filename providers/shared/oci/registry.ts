import {
  type ArtifactReference,
  type ArtifactRegistry,
  type ArtifactToPush,
  type Descriptor,
  isDigest,
  type ListedArtifact,
  parseArtifactReference,
  printArtifactReference,
  type RegistryCall,
  RegistryFault,
  type ResolvedArtifact,
} from '../../../core/ports/index.js';
import type { OciConfig } from './config.js';
import type { Endpoint, Endpoints } from './endpoints.js';
import { mediaTypes, readManifest } from './manifest.js';
import { Push } from './push.js';
import { algorithmOf, digestOf, discard, readLimited, verified } from './reading.js';
import { readReferrers } from './referrers.js';
import { readRepositories, readTags } from './tags.js';
import { scopeOf, type Transport } from './transport.js';

type Place = Pick<ArtifactReference, 'registry' | 'repository'>;

/** OCI Distribution v1.1, "Pushing Manifests": what a registry takes is what we read. */
const manifestLimit = 4 * 1024 * 1024;
const acceptedManifests = Object.values(mediaTypes).join(', ');

/** OCI Distribution v1.1 as a client. */
export class OciRegistry implements ArtifactRegistry {
  constructor(
    private readonly endpoints: Endpoints,
    private readonly transport: Transport,
    private readonly timeouts: OciConfig['timeouts'],
  ) {}

  async resolve(reference: ArtifactReference, call: RegistryCall = {}): Promise<ResolvedArtifact> {
    const endpoint = this.#endpoint(reference);
    const { repository, tag, digest } = reference;
    const wanted = digest ?? tag;
    if (wanted === undefined) {
      throw new RegistryFault('invalid', `${printArtifactReference(reference)}: it names no tag and no digest`);
    }
    const first = await this.#manifest(endpoint, repository, wanted, call);
    if (first.read.kind === 'manifest')
      return { reference, descriptor: first.descriptor, manifest: first.read.manifest };

    const what = `registry ${endpoint.host}: ${repository} ${wanted} is an index of ${first.read.manifests.length} manifests`;
    const [only, ...others] = first.read.manifests;
    if (only === undefined || others.length > 0) {
      const list = first.read.manifests.map(({ digest, platform }) =>
        platform ? `${digest} (${platform.os}/${platform.architecture})` : digest,
      );
      throw new RegistryFault('invalid', `${what}; name one of them by digest: ${list.join(', ')}`);
    }
    const { descriptor, read } = await this.#manifest(endpoint, repository, only.digest, call);
    if (read.kind === 'index') throw new RegistryFault('invalid', `${what}, which is an index again`);
    return { reference, descriptor, manifest: read.manifest };
  }

  async *pull(at: Place, blob: Descriptor, call: RegistryCall = {}): AsyncGenerator<Uint8Array, void, undefined> {
    const endpoint = this.#endpoint(at);
    const { repository } = at;
    const { digest, size } = blob;
    if (!isDigest(digest)) throw new RegistryFault('invalid', `${JSON.stringify(digest)} is not a digest`);
    const { credentials, signal } = call;
    const { body, headers, asked } = await this.transport.send({
      ...{ endpoint, credentials, signal, method: 'GET', scope: scopeOf(repository, 'pull') },
      url: `/v2/${repository}/blobs/${digest}`,
      what: `blob ${digest} of ${repository}`,
    });
    const length = headers['content-length'];
    if (typeof length === 'string' && Number(length) !== size) {
      discard(body);
      throw new RegistryFault(
        'corrupt',
        `registry ${asked.host}: ${asked.what}: it has ${length} bytes there and ${size} by the manifest`,
      );
    }
    yield* verified(body, blob, asked, signal, call.progress);
  }

  async fetch(at: Place, blob: Descriptor, limit: number, call: RegistryCall = {}): Promise<Uint8Array> {
    if (blob.size > limit) {
      const where = `registry ${at.registry}: blob ${blob.digest} of ${at.repository}`;
      throw new RegistryFault(
        'refused',
        `${where}: its ${blob.size} bytes are more than the ${limit} that are taken here`,
      );
    }
    const chunks: Uint8Array[] = [];
    for await (const chunk of this.pull(at, blob, call)) chunks.push(chunk);
    return Buffer.concat(chunks);
  }

  async tags(at: Place, call: RegistryCall = {}): Promise<readonly string[]> {
    return readTags(this.transport, this.#endpoint(at), at.repository, call, this.timeouts);
  }

  async referrers(
    subject: ArtifactReference,
    artifactType: string,
    call: RegistryCall = {},
  ): Promise<readonly Descriptor[]> {
    return readReferrers(this.transport, this.#endpoint(subject), subject, artifactType, call, this.timeouts);
  }

  async *repositories(
    registry: string,
    from: number,
    call: RegistryCall = {},
  ): AsyncGenerator<string, void, undefined> {
    const endpoint = this.#endpoint({ registry, repository: 'any' });
    let place = 0;
    for await (const name of readRepositories(this.transport, endpoint, call, this.timeouts)) {
      if (place++ >= from) yield name;
    }
  }

  /** One for each tag: the distribution knows of no other way to what is there. */
  async *artifacts(at: Place, from: number, call: RegistryCall = {}): AsyncGenerator<ListedArtifact, void, undefined> {
    const tags = await this.tags(at, call);
    for (const tag of tags.slice(from)) {
      try {
        const { descriptor, manifest } = await this.resolve({ ...at, tag }, call);
        const parts = [descriptor, manifest.config, ...manifest.layers];
        yield { digest: descriptor.digest, tags: [tag], size: parts.reduce((sum, { size }) => sum + size, 0) };
      } catch (error) {
        // It was deleted meanwhile, or it is nothing that a package could be.
        if (!(error instanceof RegistryFault) || !['not-found', 'invalid'].includes(error.reason)) throw error;
        if (error.reason === 'invalid') yield { tags: [tag] };
      }
    }
  }

  async push(to: ArtifactReference, artifact: ArtifactToPush, call: RegistryCall = {}): Promise<Descriptor> {
    return new Push(this.transport, this.#endpoint(to), to, call).artifact(artifact);
  }

  /** A reference may have been put together by hand; nothing odd may get into a URL. */
  #endpoint(at: ArtifactReference): Endpoint {
    return this.endpoints.find(parseArtifactReference(printArtifactReference(at)).registry);
  }

  async #manifest(endpoint: Endpoint, repository: string, wanted: string, call: RegistryCall) {
    const { credentials, signal } = call;
    const { body, headers, asked } = await this.transport.send({
      ...{ endpoint, credentials, signal, method: 'GET', scope: scopeOf(repository, 'pull') },
      url: `/v2/${repository}/manifests/${wanted}`,
      what: `manifest ${repository}${isDigest(wanted) ? '@' : ':'}${wanted}`,
      headers: { accept: acceptedManifests },
    });
    const where = `registry ${asked.host}: ${asked.what}`;
    const bytes = await readLimited(body, { limit: manifestLimit, seconds: this.timeouts.answer, signal }, asked);

    const algorithm = isDigest(wanted) ? algorithmOf(wanted) : 'sha256';
    const digest = digestOf(bytes, algorithm);
    if (isDigest(wanted) && digest !== wanted)
      throw new RegistryFault('corrupt', `${where}: the bytes that came are ${digest}`);
    const told = headers['docker-content-digest'];
    if (typeof told === 'string' && isDigest(told) && told !== digestOf(bytes, algorithmOf(told))) {
      throw new RegistryFault('corrupt', `${where}: the bytes that came are ${digest}, the registry says ${told}`);
    }
    try {
      const { mediaType, ...read } = readManifest(bytes, [headers['content-type'] ?? ''].flat()[0] ?? '');
      const artifactType = read.kind === 'manifest' ? read.manifest.artifactType : undefined;
      const size = bytes.byteLength;
      return { read, descriptor: { mediaType, digest, size, ...(artifactType !== undefined && { artifactType }) } };
    } catch (cause) {
      const why = cause instanceof SyntaxError || cause instanceof TypeError ? 'no JSON' : textOf(cause);
      throw new RegistryFault('invalid', `${where}: no manifest that can be read: ${why}`, { cause });
    }
  }
}

function textOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
