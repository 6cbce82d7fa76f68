import { afterEach, describe, expect, it } from 'vitest';
import { builtins } from '../../cli/builtins.js';
import { startTestHost } from '../../core/testing/index.js';
import type { Device } from '../../test/device-api/device.js';
import { startWfm, type Wfm, type WfmSettings } from '../../test/device-api/wfm.js';

let wfm: Wfm | undefined;
afterEach(async () => {
  await wfm?.stop();
  wfm = undefined;
});
async function start(settings: WfmSettings = {}): Promise<Wfm> {
  wfm = await startWfm(settings);
  return wfm;
}

describe('a status report after an update', () => {
  async function updating(): Promise<{ device: Device; id: string; etag: string; state: () => Promise<unknown> }> {
    const { importPackage, ready, deploy, operate } = await start();
    const device = await ready();
    const id = await deploy(await importPackage('1.0.0'), device);
    const etag = String((await device.poll()).headers.etag);
    await device.status(id, 'installed');
    const changed = await operate('PATCH', `/deployments/${id}`, { spec: { parameters: { pollSeconds: 40 } } });
    expect(changed.status).toBe(202);
    const state = async () => {
      const { json } = await operate('GET', `/deployments/${id}`);
      return (json['status'] as { state: string }).state;
    };
    return { device, id, etag, state };
  }

  it('counts once the device was given the new manifest', async () => {
    const { device, id, etag, state } = await updating();
    expect((await device.status(id, 'installed')).status).toBe(200);
    expect(await state()).toBe('UPDATING');
    expect((await device.poll({ 'If-None-Match': etag })).status).toBe(200);
    await device.status(id, 'installed');
    expect(await state()).toBe('INSTALLED');
  });

  it('does not count for a poll that shows nothing of what the device has', async () => {
    const { device, id, state } = await updating();
    expect((await device.poll({ 'If-None-Match': '*' })).status).toBe(304);
    await device.status(id, 'installed');
    expect(await state()).toBe('UPDATING');
  });
});

describe('artifacts', () => {
  it.each([
    ['', 'public'],
    ['artifactCache: private', 'private'],
  ])('with %j may be kept by %s caches', async (vendor, visibility) => {
    const { ready, deploy, importPackage } = await start({ vendor });
    const device = await ready();
    await deploy(await importPackage('1.0.0'), device);
    const { bundle, deployments } = (await device.poll()).json as unknown as {
      bundle: { url: string };
      deployments: { url: string }[];
    };
    for (const url of [bundle.url, deployments[0]?.url ?? '']) {
      const { headers } = await device.ask({ path: url });
      expect(headers['cache-control']).toBe(`${visibility}, max-age=31536000, immutable`);
    }
  });
});

describe('the path of the vendor', () => {
  const host = async (path: string, basePath: string): Promise<string> => {
    const definitions = await Promise.all(Object.values(builtins.definitions).map((load) => load()));
    const started = await startTestHost({
      definitions,
      profile: `
profile: paths
providers:
  store:     { type: state.memory }
  events:    { type: events.memory }
  packages:  { type: registry.oci }
managers:
  catalog:   { type: manager.catalog }
  devices:   { type: manager.device }
  placement: { type: manager.placement }
  manifests: { type: manager.manifest, config: { basePath: "${basePath}" } }
  solutions: { type: manager.solution }
  instances: { type: manager.instance }
vendors:
  margo:     { type: vendor.device-signed${path === '' ? '' : `, path: ${path}`} }
bindings:
  http:      { type: binding.http, config: { port: 0, tls: off } }
`,
    });
    const { url } = started;
    await started.stop();
    return url;
  };

  it('must be that of the addresses in manifests', async () => {
    const apart = /`path` of margo and `basePath` in the config of manager\.manifest must be the same/;
    await expect(host('/margo', '/api/v1')).rejects.toThrow(apart);
    await expect(host('', '/api/v1')).rejects.toThrow(apart);
    await expect(host('/margo', '/margo')).resolves.toMatch(/^http/);
    await expect(host('', '')).resolves.toMatch(/^http/);
  });
});
