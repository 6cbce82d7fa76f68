import { afterEach, describe, expect, it } from 'vitest';
import { type ClientSettings, call, nobody, Problem, type StreamItem } from '../../core/plugin/index.js';
import { httpTransport } from '../../providers/transport/http/index.js';
import { changes, manifest } from '../../vendors/device-signed/operations.js';
import type { Device } from './device.js';
import { startWfm, type Wfm } from './wfm.js';

let wfm: Wfm | undefined;
const lines: ClientSettings[] = [];
afterEach(async () => {
  for (const { transport } of lines.splice(0)) await transport.close();
  await wfm?.stop();
  wfm = undefined;
});
async function start(): Promise<Wfm> {
  wfm = await startWfm();
  return wfm;
}

/** Signed as the device of another house signs. */
function lineOf({ host }: Wfm, device: Device): ClientSettings {
  const line: ClientSettings = {
    transport: httpTransport({ url: host.url }),
    prefix: '/api/v1',
    credentials: (form) => {
      const { method, url } = form();
      const { headers = {} } = device.prepare({ method, path: url.slice(host.url.length) });
      return Object.fromEntries(Object.entries(headers).map(([name, value]) => [name, String(value)]));
    },
  };
  lines.push(line);
  return line;
}

async function open(line: ClientSettings, clientId: string, resumeAfter?: string) {
  const answer = await call(line, changes, { clientId }, { resumeAfter });
  if (answer.kind !== 'stream') throw new Error(answer.kind);
  const items = answer.items[Symbol.asyncIterator]();
  return {
    next: async () => (await items.next()).value as StreamItem<{ etag: string; version: number }> | undefined,
    end: () => items.return?.(),
  };
}
const stateOf = async ({ operate }: Wfm, { clientId }: Device) =>
  (await operate('GET', `/devices/${clientId}`)).json['state'] as { connected: boolean; lastSeen?: string };

describe('the changes of a device', () => {
  it('come over a line that is held open, and say what the manifest is', async () => {
    const site = await start();
    const device = await site.ready();
    const line = lineOf(site, device);
    const { next, end } = await open(line, device.clientId);
    const first = await next();
    expect(first).toMatchObject({ id: first?.data.etag, data: { version: 1 } });
    const second = next();
    await site.deploy(await site.importPackage('1.0.0'), device);
    const told = await second;
    expect(told?.data.version).toBe(2);
    expect(await call(line, manifest, { clientId: device.clientId })).toMatchObject({ etag: told?.data.etag });
    await end();
  });

  it('leave out what the device has seen', async () => {
    const site = await start();
    const device = await site.ready();
    const before = String((await device.poll()).headers.etag).replaceAll('"', '');
    const { next, end } = await open(lineOf(site, device), device.clientId, before);
    const first = next();
    await site.deploy(await site.importPackage('1.0.0'), device);
    expect((await first)?.data.version).toBe(2);
    await end();
  });

  it('show that the device is connected, until the line ends', async () => {
    const site = await start();
    const device = await site.ready();
    expect(await stateOf(site, device)).toMatchObject({ connected: false });
    const { next, end } = await open(lineOf(site, device), device.clientId);
    await next();
    expect(await stateOf(site, device)).toMatchObject({ connected: true });
    await end();
    await expect.poll(async () => (await stateOf(site, device)).connected).toBe(false);
  });

  it('end when the device is revoked, and are told to nobody else', async () => {
    const site = await start();
    const [device, other] = [await site.ready(), await (await site.device({ name: 'other' })).onboard()];
    const { next } = await open(lineOf(site, device), device.clientId);
    await next();
    const end = next();
    const stranger = call(lineOf(site, other), changes, { clientId: device.clientId });
    await expect(stranger).rejects.toMatchObject({ kind: { status: 401 } });
    await site.operate('POST', `/devices/${device.clientId}/revoke`);
    expect(await end).toBeUndefined();
    await expect(call(lineOf(site, device), changes, { clientId: device.clientId })).rejects.toBeInstanceOf(Problem);
    await expect(
      call({ ...lineOf(site, device), credentials: nobody }, changes, { clientId: device.clientId }),
    ).rejects.toMatchObject({ kind: { status: 401 } });
  });
});
