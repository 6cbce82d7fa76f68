import { once } from 'node:events';
import { connect, type TLSSocket } from 'node:tls';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { expectProblem } from './expect.js';
import { type Scheme, schemes } from './keys.js';
import { startWfm, type Wfm } from './wfm.js';

describe('over TLS, as devices meet it', () => {
  let wfm: Wfm;
  let packageId: string;
  beforeAll(async () => {
    wfm = await startWfm({ binding: 'tls: auto' });
    packageId = await wfm.importPackage('1.0.0');
  });
  afterAll(() => wfm.stop());

  it.each(Object.keys(schemes) as Scheme[])('a device with %s goes all the way', async (scheme) => {
    const device = await (await (await wfm.device({ scheme })).onboard()).report();
    const id = await wfm.deploy(packageId, device);
    const { json, headers } = await device.poll();
    const [deployment] = json['deployments'] as { deploymentId: string; url: string }[];
    expect(deployment?.deploymentId).toBe(id);
    expect((await device.ask({ path: deployment?.url ?? '' })).text).toContain(id);
    expect((await device.status(id, 'installed')).status).toBe(200);
    expect((await device.poll({ 'If-None-Match': String(headers.etag) })).status).toBe(304);
    expect((await wfm.operate('DELETE', `/deployments/${id}`)).status).toBe(202);
    expect((await device.status(id, 'removed')).status).toBe(200);
    expect((await device.ask({ method: 'DELETE', path: device.own('/capabilities/edge-1') })).status).toBe(204);
  });

  it('a signature for the same address without TLS does not count', async () => {
    const publicUrl = wfm.host.url.replace('https:', 'http:');
    const device = await wfm.device({ publicUrl });
    expectProblem(await device.present(), 401);
  });

  it('nothing older than TLS 1.3 is spoken', async () => {
    const { port } = new URL(wfm.host.url);
    const shake = async (maxVersion: 'TLSv1.2' | 'TLSv1.3'): Promise<TLSSocket> => {
      const socket = connect({ host: '127.0.0.1', port: Number(port), ca: wfm.ca, minVersion: 'TLSv1.2', maxVersion });
      await once(socket, 'secureConnect');
      return socket;
    };
    await expect(shake('TLSv1.2')).rejects.toThrow(/protocol version/);
    const socket = await shake('TLSv1.3');
    expect(socket.getProtocol()).toBe('TLSv1.3');
    socket.destroy();
  });
});
