import { createHash } from 'node:crypto';
import { gunzipSync } from 'node:zlib';
import { extract } from 'tar-stream';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { type Device, firstForm, secondForm } from './device.js';
import { expectProblem, expectTyped } from './expect.js';
import type { Answer } from './http.js';
import { startWfm, type Wfm } from './wfm.js';

const sha256 = (bytes: Uint8Array): string => `sha256:${createHash('sha256').update(bytes).digest('hex')}`;
const manifestType = 'application/vnd.margo.manifest.v1+json';

interface Manifest {
  readonly manifestVersion: number;
  readonly bundle: { digest: string; mediaType: string; sizeBytes: number; url: string } | null;
  readonly deployments: readonly { deploymentId: string; digest: string; sizeBytes: number; url: string }[];
}
const manifestOf = (answer: Answer): Manifest => answer.json as unknown as Manifest;

let wfm: Wfm;
let device: Device;
let packageId: string;
beforeAll(async () => {
  wfm = await startWfm();
  packageId = await wfm.importPackage('1.0.0');
  device = await wfm.ready();
});
afterAll(() => wfm.stop());

describe('the manifest', () => {
  it('of a new device is version 1 and empty', async () => {
    const fresh = await (await wfm.device()).onboard();
    const answer = await fresh.poll();
    expect(answer.status).toBe(200);
    expect(answer.json).toEqual({ manifestVersion: 1, bundle: null, deployments: [] });
  });

  it('is exact bytes with their digest as the ETag, private, and always asked for again', async () => {
    await wfm.deploy(packageId, device);
    const answer = await device.poll();
    expect(answer.status).toBe(200);
    expect(answer.headers).toMatchObject({
      'content-type': manifestType,
      etag: `"${sha256(answer.bytes)}"`,
      'content-length': String(answer.bytes.byteLength),
    });
    expect(answer.headers['cache-control']).toMatch(/^private\b/);
    expect(answer.headers['cache-control']).not.toMatch(/public|immutable/);
    const { manifestVersion, bundle, deployments } = manifestOf(answer);
    expect(manifestVersion).toBe(2);
    expect(bundle?.url).toBe(device.own(`/bundles/${bundle?.digest}`));
    expect(bundle?.mediaType).toBe('application/vnd.margo.bundle.v1+tar+gzip');
    for (const { deploymentId, digest, url } of deployments) {
      expect(url).toBe(device.own(`/deployments/${deploymentId}/${digest}`));
    }
  });

  it('is 304 without a body for its own ETag', async () => {
    const etag = String((await device.poll()).headers.etag);
    for (const held of [etag, `W/${etag}`, `"other", ${etag}`, '*']) {
      const answer = await device.poll({ 'If-None-Match': held });
      expect([held, answer.status, answer.text, answer.headers.etag]).toEqual([held, 304, '', etag]);
    }
  });

  it('is 200 for an ETag of before', async () => {
    const before = String((await device.poll()).headers.etag);
    await wfm.deploy(packageId, device, 'line-b');
    const answer = await device.poll({ 'If-None-Match': before });
    expect(answer.status).toBe(200);
    expect(answer.headers.etag).not.toBe(before);
  });

  it.each([undefined, '*/*', manifestType, 'application/*', `text/html, ${manifestType};q=0.1`])(
    'goes with Accept: %s',
    async (accept) => {
      const answer = await device.poll(accept === undefined ? {} : { Accept: accept });
      expect([answer.status, answer.headers['content-type']]).toEqual([200, manifestType]);
    },
  );

  it.each(['text/html', 'application/xml;q=1', `${manifestType};q=0`, 'nonsense'])(
    'is 406 with Accept: %s',
    async (accept) => {
      expectProblem(await device.poll({ Accept: accept }), 406);
    },
  );

  it('moves on by more than one when an operator resynchronises a device', async () => {
    const { manifestVersion } = manifestOf(await device.poll());
    const answer = await wfm.operate('POST', `/devices/${device.clientId}/resynchronise`);
    expect(answer.status).toBe(200);
    const after = manifestOf(await device.poll());
    expect(after.manifestVersion).toBe(answer.json['manifestVersion']);
    expect(after.manifestVersion).toBeGreaterThan(manifestVersion + 1);
  });

  it('moves on for a device that holds one that nobody here gave out', async () => {
    const one = await wfm.ready();
    const { manifestVersion } = manifestOf(await one.poll());
    const answer = await one.poll({ 'If-None-Match': `"sha256:${'0'.repeat(64)}"` });
    expect(answer.status).toBe(200);
    expect(manifestOf(answer).manifestVersion).toBeGreaterThan(manifestVersion + 1);
    expect(manifestOf(await one.poll())).toEqual(manifestOf(answer));
  });
});

describe('what the manifest names', () => {
  it('is there under its digest, byte for byte, and may be kept for ever', async () => {
    const { bundle, deployments } = manifestOf(await device.poll());
    const all = [
      ...deployments.map((one) => ({ ...one, type: 'application/yaml' })),
      ...(bundle ? [{ ...bundle, type: bundle.mediaType }] : []),
    ];
    expect(all.length).toBeGreaterThan(1);
    for (const { url, digest, sizeBytes, type } of all) {
      for (const path of [url, url.replace('sha256:', 'sha256%3A'), url.replace('sha256:', 'sha256%3a')]) {
        const answer = await device.ask({ path });
        expect([answer.status, sha256(answer.bytes), answer.bytes.byteLength]).toEqual([200, digest, sizeBytes]);
        expect(answer.headers).toMatchObject({ 'content-type': type, etag: `"${digest}"` });
        expect(answer.headers['cache-control']).toMatch(/max-age=31536000, immutable$/);
      }
      const again = await device.ask({ path: url, headers: { 'If-None-Match': `"${digest}"` } });
      expect([again.status, again.text]).toEqual([304, '']);
    }
  });

  it('is in the bundle, one file for each deployment, and nothing else', async () => {
    const { bundle, deployments } = manifestOf(await device.poll());
    const { bytes } = await device.ask({ path: bundle?.url ?? '' });
    const found = new Map<string, string>();
    const archive = extract();
    archive.end(gunzipSync(bytes));
    for await (const entry of archive) {
      const chunks: Buffer[] = [];
      for await (const chunk of entry) chunks.push(chunk as Buffer);
      found.set(entry.header.name, sha256(Buffer.concat(chunks)));
    }
    expect(found).toEqual(new Map(deployments.map(({ deploymentId, digest }) => [`${deploymentId}.yaml`, digest])));
  });

  it('is 404 under another digest or id, 400 under none', async () => {
    const { deployments } = manifestOf(await device.poll());
    const [one] = deployments;
    const zero = `sha256:${'0'.repeat(64)}`;
    expectProblem(await device.ask({ path: device.own(`/bundles/${zero}`) }), 404);
    expectProblem(await device.ask({ path: device.own(`/bundles/${one?.digest}`) }), 404);
    expectProblem(await device.ask({ path: device.own(`/deployments/${one?.deploymentId}/${zero}`) }), 404);
    expectProblem(await device.ask({ path: device.own(`/deployments/another/${one?.digest}`) }), 404);
    for (const none of ['latest', 'md5:abc', 'sha256:ABC', zero.toUpperCase(), '%00', '..%2f..%2fetc%2fpasswd']) {
      for (const path of [`/bundles/${none}`, `/deployments/${one?.deploymentId}/${none}`]) {
        expectTyped(await device.ask({ path: device.own(path) }), 400, 'invalid-request');
      }
    }
  });

  it('is 406 as something else', async () => {
    const [one] = manifestOf(await device.poll()).deployments;
    expectProblem(await device.ask({ path: one?.url ?? '', headers: { Accept: 'application/json' } }), 406);
  });
});

describe('the form of a deployment', () => {
  const deployed = async (to: Device): Promise<{ version: number; document: Record<string, unknown> }> => {
    const { manifestVersion, deployments } = manifestOf(await to.poll());
    const answer = await to.ask({ path: deployments[0]?.url ?? '' });
    expect(answer.status).toBe(200);
    return { version: manifestVersion, document: parse(answer.text) as Record<string, unknown> };
  };
  const first = (id: string) => ({
    apiVersion: 'application.margo.org/v1alpha1',
    kind: 'ApplicationDeployment',
    metadata: { annotations: { applicationId: 'com-acme-line-monitor', id }, name: 'line-a', namespace: 'default' },
    spec: {
      deploymentProfile: {
        type: 'helm.v3',
        components: [
          {
            name: 'monitor',
            properties: {
              repository: 'oci://reg.acme.test/charts/monitor',
              revision: '1.0.0',
              wait: 'true',
              timeout: '5m0s',
            },
          },
        ],
      },
      parameters: { pollSeconds: { value: 30, targets: [{ pointer: 'POLL_SECONDS', components: ['monitor'] }] } },
    },
  });
  const second = (id: string) => ({
    kind: 'ApplicationDeployment',
    id,
    metadata: { name: 'line-a', namespace: 'default', deviceId: 'edge-1' },
    spec: {
      applicationId: 'com-acme-line-monitor',
      deploymentProfile: {
        type: 'helm',
        components: [{ properties: { wait: true, timeout: '5m0s', revision: '1.0.0' } }],
      },
      parameters: { pollSeconds: { value: 30 } },
    },
  });

  it('is D1 for a device that speaks of roles and resources', async () => {
    const old = await wfm.ready(firstForm());
    const id = await wfm.deploy(packageId, old);
    const { document } = await deployed(old);
    expect(document).toEqual(first(id));
    expect(document).not.toHaveProperty('id');
  });

  it('is D2 for all others', async () => {
    const young = await wfm.ready(secondForm());
    const id = await wfm.deploy(packageId, young);
    const { document } = await deployed(young);
    expect(document).toMatchObject(second(id));
    expect(document).not.toHaveProperty('metadata.annotations');
  });

  it('changes with a new version when the operator sets it, and when the device learns a new one', async () => {
    const one = await wfm.ready(firstForm());
    const id = await wfm.deploy(packageId, one);
    const before = await deployed(one);
    const set = async (form: string | null) => {
      const answer = await wfm.operate('PATCH', `/devices/${one.clientId}`, { form });
      expect(answer.status).toBe(200);
    };
    const becomes = async (version: number, document: object): Promise<number> => {
      await expect.poll(async () => (await deployed(one)).version).toBe(version);
      expect((await deployed(one)).document).toMatchObject(document);
      return version;
    };
    await set('D2');
    await becomes(before.version + 1, second(id));
    await set('D2');
    await becomes(before.version + 1, second(id));
    await set(null);
    await becomes(before.version + 2, first(id));
    await one.report(secondForm());
    await becomes(before.version + 3, second(id));
    await set('D1');
    await becomes(before.version + 4, first(id));
  });
});
