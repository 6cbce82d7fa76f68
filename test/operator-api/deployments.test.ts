import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Device, secondForm } from '../device-api/device.js';
import { expectProblem, type Reply } from './call.js';
import { startWfm, type Wfm } from './wfm.js';

let wfm: Wfm;
let device: Device;
let packageId: string;
beforeAll(async () => {
  wfm = await startWfm();
  packageId = await wfm.importPackage('1.0.0');
  device = await wfm.ready();
});
afterAll(() => wfm[Symbol.asyncDispose]());

const create = (spec: object, metadata: object = { name: `line-${randomUUID()}` }): Promise<Reply> =>
  wfm.ask('POST', '/deployments', { body: { metadata, spec: { appPackageRef: { id: packageId }, ...spec } } });
const get = (id: unknown): Promise<Reply> => wfm.ask('GET', `/deployments/${id}`);
const countOf = async (): Promise<number> =>
  ((await wfm.ask('GET', '/deployments?limit=1')).json['metadata'] as { total: number }).total;
const held = async (of: Device): Promise<string[]> =>
  ((await of.poll()).json['deployments'] as { deploymentId: string }[]).map(({ deploymentId }) => deploymentId);

describe('a deployment', () => {
  it('is accepted, is there under its location, and goes to its device', async () => {
    const reply = await create(
      { deviceRef: { id: device.clientId }, parameters: { pollSeconds: 60 } },
      { name: 'line-a', namespace: 'plant', labels: { shift: 'early' } },
    );
    expect(reply.status).toBe(202);
    const id = String(reply.json['id']);
    expect(reply.headers.get('location')).toBe(`/nbi/v1/app-deployments/${id}`);
    const got = await wfm.ask('GET', `/app-deployments/${id}`);
    expect(got.json).toMatchObject({
      kind: 'ApplicationDeployment',
      metadata: { id, name: 'line-a', namespace: 'plant', labels: { shift: 'early' } },
      spec: {
        appPackageRef: { id: packageId },
        deviceRef: { id: device.clientId },
        deploymentProfile: { id: 'cluster' },
        parameters: { pollSeconds: 60 },
      },
      recentOperation: { op: 'DEPLOY', status: 'PENDING' },
      status: { state: 'PENDING' },
    });
    expect(await held(device)).toContain(id);
    await device.status(id, 'installed');
    expect((await get(id)).json).toMatchObject({
      recentOperation: { op: 'DEPLOY', status: 'COMPLETED' },
      status: { state: 'INSTALLED', components: [{ name: 'monitor', state: 'installed' }] },
    });
  });

  it('finds its device by labels', async () => {
    const labelled = await wfm.ready(secondForm('edge-1', {}, { line: 'b', zone: '7' }), 'press-b');
    const reply = await create({ deviceRef: { labels: { line: 'b', zone: '7' } } });
    expect(reply.json).toMatchObject({ spec: { deviceRef: { id: labelled.clientId } } });
    expectProblem(await create({ deviceRef: { labels: { line: 'b', zone: '8' } } }), 409, /no onboarded device/);
    expect(expectProblem(await create({ deviceRef: { labels: {} } }), 422)).toEqual(['spec.deviceRef.labels']);
    expect(expectProblem(await create({ deviceRef: { labels: { line: ['b'] } } }), 422)).toEqual([
      'device.labels.line',
    ]);
  });

  it('may name the profile, by id or by type', async () => {
    const of = async (deploymentProfile: object): Promise<unknown> =>
      (await create({ deviceRef: { id: device.clientId }, deploymentProfile })).json['spec'];
    expect(await of({ id: 'single' })).toMatchObject({ deploymentProfile: { id: 'single' } });
    expect(await of({ type: 'compose' })).toMatchObject({ deploymentProfile: { id: 'single' } });
    const reply = await create({ deviceRef: { id: device.clientId }, deploymentProfile: { id: 'none' } });
    expectProblem(reply, 422, /cluster \(helm\), single \(compose\)/);
  });

  it('that can be placed nowhere is 409 with every reason, and is not there', async () => {
    const weak = await wfm.ready(
      secondForm('weak', { supportedDeploymentTypes: ['custom'] }, { kind: 'weak' }),
      'weak',
    );
    const silent = await (await wfm.device('silent')).onboard();
    const before = await countOf();
    for (const deviceRef of [{ id: weak.clientId }, { labels: { kind: 'weak' } }]) {
      const reply = await create({ deviceRef });
      expect(expectProblem(reply, 409, /placed nowhere/)).toEqual([weak.clientId, weak.clientId]);
      expect(reply.text).toMatch(/profile cluster:.*profile single:/);
    }
    expectProblem(await create({ deviceRef: { id: silent.clientId } }), 409, /not reported its capabilities/);
    expectProblem(await create({ deviceRef: { id: 'none' } }), 404, /no device none/);
    expectProblem(await create({ appPackageRef: { id: 'none' }, deviceRef: { id: device.clientId } }), 404);
    expect(await countOf()).toBe(before);
  });

  it('with wrong parameters is 422 with each of them, and is not there', async () => {
    const before = await countOf();
    const reply = await create({ deviceRef: { id: device.clientId }, parameters: { pollSeconds: 0, colour: 'red' } });
    expect(expectProblem(reply, 422).toSorted()).toEqual(['colour', 'pollSeconds']);
    for (const pollSeconds of ['60', 1.5, 3601, [60], { value: 'x' }]) {
      const one = await create({ deviceRef: { id: device.clientId }, parameters: { pollSeconds } });
      expect(expectProblem(one, 422)).toEqual(['pollSeconds']);
    }
    expect(await countOf()).toBe(before);
  });

  it('takes a parameter in the form of a bare value and of an object with it', async () => {
    for (const pollSeconds of [90, { value: 90, targets: [{ pointer: 'X', components: ['monitor'] }] }]) {
      const reply = await create({ deviceRef: { id: device.clientId }, parameters: { pollSeconds } });
      expect(reply.json['spec']).toMatchObject({ parameters: { pollSeconds: 90 } });
    }
  });
});

describe('a change', () => {
  const change = (id: string, spec: object, headers = {}): Promise<Reply> =>
    wfm.ask('PATCH', `/deployments/${id}`, { body: { spec }, headers });
  /** With the same parts of the document in both ways. */
  const changeBy = (method: string, name: string, id: string, spec: object, headers: Record<string, string>) =>
    method === 'PATCH'
      ? change(id, spec, headers)
      : wfm.ask(method, `/deployments/${id}`, {
          body: {
            metadata: { name },
            spec: { appPackageRef: { id: packageId }, deviceRef: { id: device.clientId }, ...spec },
          },
          headers,
        });

  it.each(['PATCH', 'PUT'])('by %s is taken for the version that was read, and for no other', async (method) => {
    const name = `by-${method.toLowerCase()}`;
    const id = await wfm.deploy(packageId, device, name);
    const stale = (await get(id)).headers.get('etag') ?? '';
    expect(stale).toMatch(/^"\d+"$/);
    const first = await changeBy(method, name, id, { parameters: { pollSeconds: 40 } }, { 'if-match': stale });
    expect(first.status).toBe(202);
    expect(first.json).toMatchObject({
      spec: { parameters: { pollSeconds: 40 } },
      recentOperation: { op: 'UPDATE', status: 'PROCESSING' },
    });
    const now = await get(id);
    expect(now.headers.get('etag')).not.toBe(stale);
    for (const ifMatch of [stale, '"none"', '""', `W/${now.headers.get('etag')}`]) {
      const reply = await changeBy(method, name, id, { parameters: { pollSeconds: 49 } }, { 'if-match': ifMatch });
      expectProblem(reply, 412);
    }
    expect((await get(id)).json).toEqual(now.json);
    for (const ifMatch of [now.headers.get('etag') ?? '', '*']) {
      expect(
        (await changeBy(method, name, id, { parameters: { pollSeconds: 50 } }, { 'if-match': ifMatch })).status,
      ).toBe(202);
    }
    expect((await changeBy(method, name, id, { parameters: { pollSeconds: 51 } }, {})).status).toBe(202);
  });

  it('goes to the device with a new digest', async () => {
    const id = await wfm.deploy(packageId, device);
    const digest = async (): Promise<unknown> =>
      ((await device.poll()).json['deployments'] as { deploymentId: string; digest: string }[]).find(
        ({ deploymentId }) => deploymentId === id,
      )?.digest;
    const before = await digest();
    await change(id, { parameters: { pollSeconds: 41 } });
    expect(await digest()).not.toBe(before);
  });

  it('can be to another version of the same application', async () => {
    const id = await wfm.deploy(packageId, device);
    const next = await wfm.importPackage('1.1.0');
    expect((await change(id, { appPackageRef: { id: next } })).json).toMatchObject({ spec: { version: '1.1.0' } });
    expectProblem(await change(id, { appPackageRef: { id: 'none' } }), 404);
  });

  it('that is wrong changes nothing', async () => {
    const id = await wfm.deploy(packageId, device);
    const before = (await get(id)).json;
    expect(expectProblem(await change(id, { parameters: { pollSeconds: 'x' } }), 422)).toEqual(['pollSeconds']);
    expectProblem(await change(id, { device: 'other' }), 422, /device/);
    expectProblem(await wfm.ask('PATCH', `/deployments/${id}`, { body: {} }), 422, /^spec:/);
    expectProblem(await wfm.ask('PATCH', `/deployments/${id}`), 400);
    expect((await get(id)).json).toEqual(before);
    expectProblem(await change('none', {}), 404);
  });

  it('that is none says nothing new', async () => {
    const id = await wfm.deploy(packageId, device);
    const { headers } = await get(id);
    expect((await change(id, {})).status).toBe(202);
    expect((await get(id)).headers.get('etag')).toBe(headers.get('etag'));
    const unchanged = await wfm.ask('GET', `/deployments/${id}`, {
      headers: { 'if-none-match': headers.get('etag') ?? '' },
    });
    expect([unchanged.status, unchanged.text]).toEqual([304, '']);
  });
});

describe('a removal', () => {
  it('waits for the device', async () => {
    const id = await wfm.deploy(packageId, device);
    expect(await held(device)).toContain(id);
    const reply = await wfm.ask('DELETE', `/deployments/${id}`);
    expect([reply.status, reply.json['recentOperation']]).toEqual([202, { op: 'DELETE', status: 'PROCESSING' }]);
    expect(await held(device)).not.toContain(id);
    expectProblem(await wfm.ask('PATCH', `/deployments/${id}`, { body: { spec: {} } }), 409, /being removed/);
    expect((await wfm.ask('DELETE', `/deployments/${id}`)).status).toBe(202);
    await device.status(id, 'removed');
    expectProblem(await get(id), 404);
    expectProblem(await wfm.ask('DELETE', `/deployments/${id}`), 404);
  });

  it('does not wait when it is forced', async () => {
    const id = await wfm.deploy(packageId, device);
    expect((await wfm.ask('DELETE', `/deployments/${id}?force=true`)).status).toBe(202);
    expectProblem(await get(id), 404);
    expect(await held(device)).not.toContain(id);
  });

  it.each(['', '?force=true'])('holds to If-Match as a change does (%s)', async (query) => {
    const id = await wfm.deploy(packageId, device);
    const stale = (await get(id)).headers.get('etag') ?? '';
    await wfm.ask('PATCH', `/deployments/${id}`, { body: { spec: { parameters: { pollSeconds: 42 } } } });
    const now = await get(id);
    const path = `/deployments/${id}${query}`;
    expectProblem(await wfm.ask('DELETE', path, { headers: { 'if-match': stale } }), 412);
    expect((await get(id)).json).toEqual(now.json);
    const current = now.headers.get('etag') ?? '';
    expect((await wfm.ask('DELETE', path, { headers: { 'if-match': current } })).status).toBe(202);
  });
});
