import { createHash } from 'node:crypto';
import { listen, type Serving } from '../registry/serve.js';

const digestOf = (bytes: Uint8Array): string => `sha256:${createHash('sha256').update(bytes).digest('hex')}`;
const manifestType = 'application/vnd.oci.image.manifest.v1+json';

export interface Layer {
  readonly mediaType: string;
  readonly bytes: Uint8Array;
  readonly title?: string;
}

/** A registry that serves what it is told to, as hostile as the test wants. */
export interface StubRegistry extends Serving {
  add(repository: string, tag: string, layers: readonly Layer[]): void;
  /** A package with this description. */
  addPackage(repository: string, tag: string, description: string): void;
}

export async function startStubRegistry(): Promise<StubRegistry> {
  const manifests = new Map<string, Buffer>();
  const blobs = new Map<string, Uint8Array>();
  const keep = (bytes: Uint8Array): string => {
    const digest = digestOf(bytes);
    blobs.set(digest, bytes);
    return digest;
  };
  const serving = await listen((request, response) => {
    const list = listed([...manifests.keys()], request.url ?? '');
    if (list) {
      response.end(JSON.stringify(list));
      return;
    }
    const [, repository = '', kind = '', reference = ''] =
      /^\/v2\/(.+)\/(manifests|blobs)\/([^/]+)$/.exec(request.url ?? '') ?? [];
    const found = kind === 'manifests' ? manifests.get(`${repository}@${reference}`) : blobs.get(reference);
    if (!found) {
      response.writeHead(404, { 'Content-Type': 'application/json' }).end('{"errors":[{"code":"MANIFEST_UNKNOWN"}]}');
      return;
    }
    const mediaType = kind === 'manifests' ? manifestType : 'application/octet-stream';
    response.writeHead(200, {
      'Content-Type': mediaType,
      'Content-Length': found.byteLength,
      'Docker-Content-Digest': digestOf(found),
    });
    response.end(request.method === 'HEAD' ? undefined : found);
  });
  const add = (repository: string, tag: string, layers: readonly Layer[]): void => {
    const config = Buffer.from('{}');
    const bytes = Buffer.from(
      JSON.stringify({
        schemaVersion: 2,
        mediaType: manifestType,
        artifactType: 'application/vnd.margo.app.v1+json',
        config: { mediaType: 'application/vnd.oci.empty.v1+json', digest: keep(config), size: 2 },
        layers: layers.map((layer) => ({
          mediaType: layer.mediaType,
          digest: keep(layer.bytes),
          size: layer.bytes.byteLength,
          ...(layer.title !== undefined && { annotations: { 'org.opencontainers.image.title': layer.title } }),
        })),
      }),
    );
    manifests.set(`${repository}@${tag}`, bytes);
    manifests.set(`${repository}@${digestOf(bytes)}`, bytes);
  };
  return {
    ...serving,
    add,
    addPackage: (repository, tag, description) =>
      add(repository, tag, [
        {
          mediaType: 'application/vnd.margo.app.description.v1+yaml',
          bytes: Buffer.from(description),
          title: 'margo.yaml',
        },
      ]),
  };
}

/** @param kept `repository@reference` */
function listed(kept: readonly string[], url: string): object | undefined {
  const pairs = kept.map((one) => one.split('@')).filter(([, reference]) => !reference?.includes(':'));
  if (url.startsWith('/v2/_catalog')) return { repositories: [...new Set(pairs.map(([repository]) => repository))] };
  const name = /^\/v2\/(.+)\/tags\/list/.exec(url)?.[1];
  const tags = pairs.flatMap(([repository, tag]) => (repository === name ? [tag] : []));
  return tags.length > 0 ? { name, tags } : undefined;
}

/** An application that runs on a cluster or on a single device, and takes one parameter. */
export function description(version: string, id = 'com-acme-line-monitor'): string {
  return `
apiVersion: margo.org/v1-alpha1
kind: ApplicationDescription
id: ${id}
metadata:
  name: Line monitor
  version: "${version}"
  catalog:
    organization: [{ name: Acme, site: https://acme.test }]
deploymentProfiles:
  - type: helm
    id: cluster
    components:
      - name: monitor
        properties: { repository: "oci://reg.acme.test/charts/monitor", revision: "${version}", wait: true, timeout: 5m0s }
  - type: compose
    id: single
    components:
      - name: monitor
        properties: { repository: "oci://reg.acme.test/compose/monitor", revision: "${version}" }
parameters:
  pollSeconds:
    value: 30
    targets:
      - { pointer: POLL_SECONDS, components: [monitor] }
configuration:
  sections:
    - name: General
      settings:
        - { parameter: pollSeconds, name: Poll interval, schema: seconds }
  schema:
    - { name: seconds, dataType: integer, minValue: 1, maxValue: 3600 }
`;
}
