import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Device, secondForm } from '../device-api/device.js';
import { expectProblem, type Reply } from './call.js';
import { startWfm, type Wfm } from './wfm.js';

let wfm: Wfm;
let device: Device;
let other: Device;
let packageId: string;
beforeAll(async () => {
  wfm = await startWfm();
  packageId = await wfm.importPackage('1.0.0');
  device = await wfm.ready(secondForm('edge-1', {}, { line: 'b' }));
  other = await wfm.ready(secondForm('edge-2', {}, { line: 'c' }), 'press-8');
});
afterAll(() => wfm[Symbol.asyncDispose]());

const get = async (id: string) =>
  (await wfm.ask('GET', `/deployments/${id}`)).json as { metadata: object; spec: object };
const send = (method: 'PATCH' | 'PUT', id: string, body: object): Promise<Reply> =>
  wfm.ask(method, `/deployments/${id}`, { body });
const labels = { shift: 'early', line: 'b' };
const parameters = { pollSeconds: 60 };
/** A whole document, as it would be put. */
const document = (name: string, spec: object = {}, metadata: object = {}) => ({
  metadata: { name, ...metadata },
  spec: { appPackageRef: { id: packageId }, deviceRef: { id: device.clientId }, ...spec },
});
async function make(name: string): Promise<string> {
  const reply = await wfm.ask('POST', '/deployments', { body: document(name, { parameters }, { labels }) });
  expect([reply.status, reply.text]).toEqual([202, reply.text]);
  return String(reply.json['id']);
}

describe('PUT', () => {
  it('takes away the labels and parameters that it does not have', async () => {
    const id = await make('put-a');
    expect((await send('PUT', id, document('put-a', {}, { labels: { line: 'b' } }))).status).toBe(202);
    expect(await get(id)).toMatchObject({ metadata: { labels: { line: 'b' } }, spec: { parameters: {} } });
    await send('PUT', id, document('put-a'));
    const { metadata } = await get(id);
    expect(metadata).toHaveProperty('labels', {});
  });

  it('of what is there already changes nothing, in all ways to say it', async () => {
    const id = await make('put-b');
    const before = await get(id);
    for (const spec of [{}, { deploymentProfile: { id: 'cluster' } }, { deploymentProfile: { type: 'helm' } }]) {
      for (const deviceRef of [{ id: device.clientId }, { labels: { line: 'b' } }]) {
        const body = document('put-b', { parameters, deviceRef, ...spec }, { labels, namespace: 'default' });
        expect((await send('PUT', id, body)).status).toBe(202);
      }
    }
    expect(await get(id)).toEqual(before);
  });

  it('needs the whole document', async () => {
    const id = await make('put-c');
    expect(expectProblem(await send('PUT', id, { spec: {} }), 422)).toEqual(
      expect.arrayContaining(['metadata', 'spec.appPackageRef', 'spec.deviceRef']),
    );
  });
});

describe('PATCH', () => {
  it('keeps what it does not speak of, and removes what it calls null', async () => {
    const id = await make('patch-a');
    await send('PATCH', id, { metadata: { labels: { shift: 'late', team: 'x' } }, spec: {} });
    expect(await get(id)).toMatchObject({
      metadata: { labels: { shift: 'late', line: 'b', team: 'x' } },
      spec: { parameters },
    });
    await send('PATCH', id, { metadata: { labels: { shift: null } }, spec: { parameters: { pollSeconds: null } } });
    expect(await get(id)).toMatchObject({ metadata: { labels: { line: 'b', team: 'x' } }, spec: { parameters: {} } });
    await send('PATCH', id, { spec: { parameters: { pollSeconds: 70 } } });
    await send('PATCH', id, { spec: { parameters: {} } });
    expect(await get(id)).toMatchObject({ spec: { parameters: { pollSeconds: 70 } } });
  });
});

it.each(['PUT', 'PATCH'] as const)('%s refuses in words what cannot change', async (method) => {
  const name = `fixed-${method.toLowerCase()}`;
  const id = await make(name);
  const before = await get(id);
  const refused = async (words: RegExp, spec: object, metadata: object = {}): Promise<void> => {
    expectProblem(await send(method, id, document(name, spec, metadata)), 409, words);
  };
  await refused(/has the profile cluster \(helm\), not single/, { deploymentProfile: { id: 'single' } });
  await refused(/has the profile cluster \(helm\), not compose/, { deploymentProfile: { type: 'compose' } });
  await refused(/is on device press-7 .*, not on /, { deviceRef: { id: other.clientId } });
  await refused(/is on device press-7 .* does not have these labels/, { deviceRef: { labels: { line: 'c' } } });
  await refused(/is not called renamed/, {}, { name: 'renamed' });
  await refused(/is in the namespace default, not plant/, {}, { namespace: 'plant' });
  const unknown = document(name, { deploymentProfile: { id: 'none' } });
  expectProblem(await send(method, id, unknown), 422, /the package has no profile none/);
  expect(await get(id)).toEqual(before);
});

describe('a name', () => {
  const names = async (path: string): Promise<string[]> =>
    ((await wfm.ask('GET', path)).json['items'] as { id: string }[]).map(({ id }) => id);

  it('is there once on a device', async () => {
    const id = await make('once');
    const again = await wfm.ask('POST', '/deployments', { body: document('once') });
    expectProblem(again, 409, /default\/once already/);
    expect(again.json['deploymentId']).toBe(id);
    const elsewhere = document('once', { deviceRef: { id: other.clientId } });
    expect((await wfm.ask('POST', '/deployments', { body: elsewhere })).status).toBe(202);
  });

  it('finds deployments, with a namespace and a device where they are given', async () => {
    const here = await make('sought');
    const plant = String(
      (await wfm.ask('POST', '/deployments', { body: document('sought', {}, { namespace: 'plant' }) })).json['id'],
    );
    expect((await names('/deployments?name=sought')).toSorted()).toEqual([here, plant].toSorted());
    expect(await names('/deployments?name=sought&namespace=plant')).toEqual([plant]);
    expect(await names(`/deployments?name=sought&deviceId=${other.clientId}`)).toEqual([]);
    expect(await names(`/deployments?name=sought&namespace=default&deviceId=${device.clientId}`)).toEqual([here]);
    expect(expectProblem(await wfm.ask('GET', '/deployments?namespace=plant'), 422)).toEqual(['namespace']);
    expect(expectProblem(await wfm.ask('GET', `/deployments?name=x&appPackageId=${packageId}`), 422)).toEqual(['name']);
  });

  it('finds devices and packages', async () => {
    expect(await names('/devices?name=press-8')).toEqual([other.clientId]);
    expect(await names('/devices?name=press')).toEqual([]);
    expect(await names('/packages?name=line')).toEqual([packageId]);
    expect(await names('/packages?name=none')).toEqual([]);
    expect(expectProblem(await wfm.ask('GET', '/devices?name=press-8&state=ONBOARDED'), 422)).toEqual(['name']);
    expect(expectProblem(await wfm.ask('GET', '/packages?name=line&applicationId=x'), 422)).toEqual(['name']);
  });
});

describe("a registry's address", () => {
  const register = (registryUrl: string): Promise<Reply> =>
    wfm.ask('POST', '/packages', {
      body: {
        metadata: { name: 'x' },
        spec: { source: { registryUrl, repository: `apps/${registryUrl.replace(/\W/g, '')}`, tag: '1' } },
      },
    });

  it.each(['http://registry.test', 'http://registry.test:5000/', 'HTTP://10.0.0.1', 'http://127.evil.test'])(
    'is not taken with %s, which would promise what the profile decides',
    async (url) => {
      const reply = await register(url);
      expect(expectProblem(reply, 422, /leave the scheme away.*registries of the profile/)).toEqual([
        'spec.source.registryUrl',
      ]);
    },
  );

  it.each([
    'https://registry.test',
    'oci://registry.test',
    'registry.test:5000',
    'http://localhost:1',
    'http://127.0.0.1:1/',
    'http://[::1]:1',
  ])('is taken as %s', async (url) => {
    expect((await register(url)).status).toBe(202);
  });
});
