import { createHash } from 'node:crypto';
import { PassThrough } from 'node:stream';
import { parseCertificate } from '../../core/identity/index.js';
import { type Definition, defineManager, Problem, problems, type StatusReport } from '../../core/plugin/index.js';
import type { FleetContent } from '../../core/testing/index.js';
import { DeviceManager, type DeviceRecord } from '../../managers/device/index.js';
import { InstanceManager } from '../../managers/instance/index.js';
import { ManifestManager, type PublishedManifest } from '../../managers/manifest/index.js';

const digestOf = (bytes: Uint8Array): string => `sha256:${createHash('sha256').update(bytes).digest('hex')}`;

interface Client {
  readonly record: DeviceRecord;
  readonly key: ReturnType<typeof parseCertificate>['key'];
  readonly reports: StatusReport[];
  content?: FleetContent;
  version: number;
}

type PlayedDevices = Pick<
  DeviceManager,
  'onboard' | 'keyOf' | 'seen' | 'connect' | 'reportCapabilities' | 'byCertificate' | 'byName'
>;
type PlayedManifests = Pick<
  ManifestManager,
  'basePath' | 'current' | 'changes' | 'bundle' | 'deployment' | 'observe' | 'noteDelivered'
>;

/** What stands behind the device API: managers that serve what a test says, whatever it means. */
export class PlayedFleet {
  readonly clients = new Map<string, Client>();
  readonly #listeners = new Set<PassThrough>();

  /** Makes other content for a client, in bytes that no printer of ours would make. */
  change(clientId: string): FleetContent {
    const client = this.#client(clientId);
    client.version += 1;
    const text = `{ "version" : ${client.version},\n\t"name":"Z\\u00fcrich ü" , "n": 1.50 }\r\n`;
    const manifest = Buffer.from(text);
    const bundle = Buffer.concat([Buffer.from([0x1f, 0x8b, 0, 0xff, 0xfe]), Buffer.alloc(100_000, text)]);
    const deployment = Buffer.from(`a:  1\r\n# ${client.version} \u00e9\n\n`, 'latin1');
    client.content = {
      manifest,
      etag: digestOf(manifest),
      bundle: { digest: digestOf(bundle), bytes: bundle },
      deployment: { id: '2f6c0d2e-0000-4000-8000-00000000000a', digest: digestOf(deployment), bytes: deployment },
    };
    for (const listener of this.#listeners) listener.write(this.#published(client));
    return client.content;
  }

  hangUp(): void {
    for (const listener of this.#listeners) listener.end();
  }

  /** Managers for a profile, with the refs that the device API uses. */
  definitions(): Definition[] {
    const [devices, manifests] = [this.#devices(), this.#manifests()];
    const report: InstanceManager['report'] = async (clientId, given) => {
      this.#client(clientId).reports.push(given);
    };
    const common = { version: '1.0.0' };
    // The vendor of devices uses no more of them than this.
    return [
      defineManager({
        ...common,
        type: 'manager.devices',
        provides: DeviceManager,
        create: () => devices as DeviceManager,
      }),
      defineManager({
        ...{ ...common, type: 'manager.manifests', provides: ManifestManager },
        create: () => manifests as ManifestManager,
      }),
      defineManager({
        ...{ ...common, type: 'manager.instances', provides: InstanceManager },
        create: () => ({ report, adopted: async () => undefined }) as unknown as InstanceManager,
      }),
    ];
  }

  #client(id: string): Client {
    const found = this.clients.get(id);
    if (!found) throw new Problem(problems.notFound, `there is no client ${id}`);
    return found;
  }

  #published({ content, version }: Client): PublishedManifest {
    if (!content) throw new Problem(problems.unavailable, 'there is nothing to run yet');
    return { version, bytes: content.manifest, etag: content.etag };
  }

  #devices(): PlayedDevices {
    return {
      onboard: async (certificate) => {
        const { key } = parseCertificate(certificate);
        const id = createHash('sha256').update(certificate).digest('hex').slice(0, 12);
        const made = { id, name: 'edge', state: 'ONBOARDED', certificate } as DeviceRecord;
        const client = this.clients.get(id) ?? { record: made, key, reports: [], version: 0 };
        this.clients.set(id, client);
        return client.record;
      },
      keyOf: (id) => {
        const client = this.clients.get(id);
        return client && { key: client.key };
      },
      seen: () => undefined,
      connect: () => ({ signal: new AbortController().signal, close: () => undefined }),
      reportCapabilities: async () => false,
      byCertificate: () => undefined,
      byName: () => [],
    };
  }

  #manifests(): PlayedManifests {
    const listen = this.#listen.bind(this);
    return {
      basePath: '/api/v1',
      current: (id) => {
        const client = this.clients.get(id);
        return client?.content && this.#published(client);
      },
      changes: listen,
      bundle: async (id, digest) => {
        const bundle = this.clients.get(id)?.content?.bundle;
        return bundle?.digest === digest ? bundle.bytes : undefined;
      },
      deployment: async (id, deploymentId, digest) => {
        const found = this.clients.get(id)?.content?.deployment;
        return found?.id === deploymentId && found.digest === digest ? found.bytes : undefined;
      },
      observe: async () => undefined,
      noteDelivered: async () => undefined,
    };
  }

  async *#listen(id: string, signal: AbortSignal): AsyncGenerator<PublishedManifest> {
    const told = new PassThrough({ objectMode: true });
    const end = (): void => void told.end();
    signal.addEventListener('abort', end);
    this.#listeners.add(told);
    told.write(this.#published(this.#client(id)));
    try {
      for await (const manifest of told) yield manifest as PublishedManifest;
    } finally {
      this.#listeners.delete(told);
      signal.removeEventListener('abort', end);
    }
  }
}
