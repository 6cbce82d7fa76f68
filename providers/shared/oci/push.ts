import {
  type ArtifactManifest,
  type ArtifactReference,
  type ArtifactToPush,
  type Descriptor,
  type RegistryCall,
  RegistryFault,
} from '../../../core/ports/index.js';
import type { Endpoint } from './endpoints.js';
import { emptyConfig, mediaTypes } from './manifest.js';
import { digestOf } from './reading.js';
import { scopeOf, type Transport } from './transport.js';

interface Content {
  readonly descriptor: Descriptor;
  readonly bytes: Uint8Array;
}

/** One push to one repository. What is there already is not sent again; the manifest goes last. */
export class Push {
  constructor(
    private readonly transport: Transport,
    private readonly endpoint: Endpoint,
    private readonly to: ArtifactReference,
    private readonly call: RegistryCall,
  ) {}

  async artifact(artifact: ArtifactToPush): Promise<Descriptor> {
    const { artifactType, annotations } = artifact;
    const config = content(artifact.config ?? emptyConfig);
    // image-spec v1.1: an artifact without layers has the empty one.
    const layers = artifact.layers.length > 0 ? artifact.layers.map(content) : [content(emptyConfig)];
    const manifest: ArtifactManifest = {
      schemaVersion: 2,
      mediaType: mediaTypes.manifest,
      artifactType,
      config: config.descriptor,
      layers: layers.map(({ descriptor }) => descriptor),
      ...(annotations && { annotations }),
    };
    const bytes = new TextEncoder().encode(JSON.stringify(manifest));
    const descriptor = {
      mediaType: mediaTypes.manifest,
      digest: digestOf(bytes),
      size: bytes.byteLength,
      artifactType,
    };
    const reference = this.#reference(descriptor);
    const blobs = new Map([config, ...layers].map((one) => [one.descriptor.digest, one]));
    for (const blob of blobs.values()) await this.#blob(blob);
    await this.#manifest(reference, { descriptor, bytes });
    return descriptor;
  }

  /** The tag if there is one; a digest alone must be the one of what is pushed. */
  #reference({ digest }: Descriptor): string {
    const { tag, digest: wanted } = this.to;
    if (wanted !== undefined && wanted !== digest) {
      throw new RegistryFault('invalid', `push to ${wanted}: the artifact's manifest is ${digest}`);
    }
    return tag ?? digest;
  }

  async #blob({ descriptor: { digest }, bytes }: Content): Promise<void> {
    const what = `blob ${digest} of ${this.to.repository}`;
    const there = await this.#send('HEAD', `/v2/${this.to.repository}/blobs/${digest}`, what, { accept: [404] });
    await there.body.dump();
    if (there.status !== 404) return;
    const begun = await this.#send('POST', `/v2/${this.to.repository}/blobs/uploads/`, what);
    await begun.body.dump();
    const location = begun.headers['location'];
    if (typeof location !== 'string' || !URL.canParse(location, begun.url.href)) {
      throw new RegistryFault('refused', `registry ${this.endpoint.host}: ${what}: it names no address to upload to`);
    }
    const url = new URL(location, begun.url);
    url.searchParams.set('digest', digest);
    const headers = { 'content-type': 'application/octet-stream' };
    const done = await this.#send('PUT', url.href, what, { headers, body: bytes });
    await done.body.dump();
  }

  async #manifest(reference: string, { descriptor: { digest }, bytes }: Content): Promise<void> {
    const what = `manifest ${this.to.repository}:${reference}`;
    const url = `/v2/${this.to.repository}/manifests/${reference}`;
    const there = await this.#send('HEAD', url, what, { headers: { accept: mediaTypes.manifest }, accept: [404] });
    await there.body.dump();
    if (there.status !== 404 && there.headers['docker-content-digest'] === digest) return;
    const done = await this.#send('PUT', url, what, { headers: { 'content-type': mediaTypes.manifest }, body: bytes });
    await done.body.dump();
    const stored = done.headers['docker-content-digest'];
    if (typeof stored === 'string' && stored !== digest) {
      throw new RegistryFault('corrupt', `registry ${this.endpoint.host}: ${what}: it stored ${stored}, not ${digest}`);
    }
  }

  #send(
    method: 'HEAD' | 'POST' | 'PUT',
    url: string,
    what: string,
    more: { headers?: Record<string, string>; body?: Uint8Array; accept?: readonly number[] } = {},
  ): ReturnType<Transport['send']> {
    const { endpoint, call } = this;
    const { credentials, signal } = call;
    const { repository } = this.to;
    return this.transport.send({
      ...{ endpoint, method, url, credentials, signal },
      ...more,
      scope: scopeOf(repository, 'pull,push'),
      what: `push of ${what}`,
    });
  }
}

function content({ mediaType, bytes, ...rest }: Omit<ArtifactToPush['layers'][number], never>): Content {
  const { annotations } = rest;
  const descriptor = {
    mediaType,
    digest: digestOf(bytes),
    size: bytes.byteLength,
    ...(annotations && { annotations }),
  };
  return { descriptor, bytes };
}
