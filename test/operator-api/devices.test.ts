import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Device, firstForm, secondForm } from '../device-api/device.js';
import { eventually, expectProblem, type Reply } from './call.js';
import { startWfm, type Wfm } from './wfm.js';

const get = (wfm: Wfm, { clientId }: Device, query = ''): Promise<Reply> =>
  wfm.ask('GET', `/devices/${clientId}${query}`);
const decide = (wfm: Wfm, { clientId }: Device, decision: string): Promise<Reply> =>
  wfm.ask('POST', `/devices/${clientId}/${decision}`);

describe('whether a device can run a package', () => {
  let wfm: Wfm;
  let packageId: string;
  beforeAll(async () => {
    wfm = await startWfm();
    packageId = await wfm.importPackage('1.0.0');
  });
  afterAll(() => wfm[Symbol.asyncDispose]());

  it('is told with the reasons, for one and in the list', async () => {
    const able = await wfm.ready();
    const unable = await wfm.ready(secondForm('edge-1', { supportedDeploymentTypes: ['custom'] }), 'weak');
    const silent = await (await wfm.device('silent')).onboard();
    const expected: [Device, object][] = [
      [able, { eligible: 'true', reasons: [] }],
      [
        unable,
        {
          eligible: 'false',
          reasons: [expect.stringMatching(/^cluster: .*helm/), expect.stringMatching(/^single: .*compose/)],
        },
      ],
      [silent, { eligible: 'false', reasons: ['the device has not reported its capabilities yet'] }],
    ];
    const { items } = (await wfm.ask('GET', `/devices?appPackageId=${packageId}`)).json as { items: { id: string }[] };
    for (const [device, verdict] of expected) {
      const { json } = await get(wfm, device, `?appPackageId=${packageId}`);
      expect(json).toMatchObject(verdict);
      expect(items.find(({ id }) => id === device.clientId)).toMatchObject(verdict);
    }
  });

  it('is unknown when nobody asks, and for a package that could not be imported', async () => {
    const able = await wfm.ready();
    expect((await get(wfm, able)).json['eligible']).toBe('unknown');
    const { json } = await wfm.ask('POST', '/packages', { body: wfm.packageRequest('broken', 'id: 7') });
    await wfm.imported(String(json['id']));
    expect((await get(wfm, able, `?appPackageId=${json['id']}`)).json).toMatchObject({
      eligible: 'unknown',
      reasons: [],
    });
    expectProblem(await get(wfm, able, '?appPackageId=none'), 404);
  });

  it('does not make a device fit that is not onboarded any more', async () => {
    const able = await wfm.ready();
    await decide(wfm, able, 'revoke');
    const { json } = await get(wfm, able, `?appPackageId=${packageId}`);
    expect(json).toMatchObject({ eligible: 'false', reasons: [expect.stringContaining('REVOKED')] });
  });
});

describe('a decision', () => {
  let wfm: Wfm;
  beforeAll(async () => {
    wfm = await startWfm({ onboarding: 'approve' });
  });
  afterAll(() => wfm[Symbol.asyncDispose]());

  async function waiting(): Promise<Device> {
    const device = await wfm.device();
    const known = new Set(await ids());
    await device.present();
    device.clientId = (await ids()).find((id) => !known.has(id)) ?? '';
    return device;
  }
  async function ids(): Promise<string[]> {
    const { items } = (await wfm.ask('GET', '/devices')).json as { items: { id: string }[] };
    return items.map(({ id }) => id);
  }
  const state = async (device: Device): Promise<unknown> => (await get(wfm, device)).json['state'];

  it('lets a device in that waits', async () => {
    const device = await waiting();
    expect(await state(device)).toMatchObject({ onboard: 'IN-PROGRESS', approval: 'PENDING' });
    expect((await device.present()).status).not.toBe(201);
    expect((await device.poll()).status).toBe(403);
    const reply = await decide(wfm, device, 'approve');
    expect([reply.status, reply.json['state']]).toEqual([
      200,
      { onboard: 'ONBOARDED', approval: 'ONBOARDED', connected: false },
    ]);
    expect((await device.present()).json).toEqual({ clientId: device.clientId });
    expect((await device.poll()).status).toBe(200);
    expect(await state(device)).toMatchObject({ lastSeen: expect.stringMatching(/^\d{4}-.*Z$/) });
    expect((await decide(wfm, device, 'approve')).status).toBe(200);
    expectProblem(await decide(wfm, device, 'reject'), 409, /ONBOARDED; only a device that is PENDING/);
  });

  it('keeps one out, and may be thought over', async () => {
    const device = await waiting();
    expect((await decide(wfm, device, 'reject')).json['state']).toMatchObject({ onboard: 'FAILED' });
    expect([(await device.present()).status, (await device.poll()).status]).toEqual([403, 403]);
    await decide(wfm, device, 'approve');
    expect((await device.poll()).status).toBe(200);
  });

  it('ends the credentials at once and for good', async () => {
    const device = await waiting();
    await decide(wfm, device, 'approve');
    expect((await device.poll()).status).toBe(200);
    expect((await decide(wfm, device, 'revoke')).json['state']).toMatchObject({
      onboard: 'FAILED',
      approval: 'REVOKED',
    });
    const refused = await device.poll();
    expect([refused.status, refused.text]).toEqual([403, expect.stringContaining('revoked')]);
    expect((await device.present()).status).toBe(403);
    expect((await device.ask({ method: 'POST', path: device.own('/capabilities'), body: secondForm() })).status).toBe(
      403,
    );
    for (const decision of ['approve', 'reject']) expectProblem(await decide(wfm, device, decision), 409);
    expect((await decide(wfm, device, 'revoke')).status).toBe(200);
  });

  it('is about a device that is there', async () => {
    for (const decision of ['approve', 'reject', 'revoke', 'resynchronise']) {
      expectProblem(await wfm.ask('POST', `/devices/none/${decision}`), 404);
    }
    expectProblem(await wfm.ask('POST', `/devices/none/promote`), 404);
  });
});

describe('a device', () => {
  let wfm: Wfm;
  let packageId: string;
  beforeAll(async () => {
    wfm = await startWfm();
    packageId = await wfm.importPackage('1.0.0');
  });
  afterAll(() => wfm[Symbol.asyncDispose]());
  const set = (device: Device, body: unknown): Promise<Reply> =>
    wfm.ask('PATCH', `/devices/${device.clientId}`, { body });
  const form = async (device: Device): Promise<unknown> =>
    ((await get(wfm, device)).json['spec'] as { form: string }).form;
  const deploymentText = async (device: Device): Promise<string> => {
    const [one] = (await device.poll()).json['deployments'] as { url: string }[];
    return (await device.ask({ path: one?.url ?? '' })).text;
  };

  it('is answered in the form that it speaks, until an operator says another', async () => {
    const device = await wfm.ready(firstForm());
    await wfm.deploy(packageId, device);
    expect(await form(device)).toBe('D1');
    expect(await deploymentText(device)).toContain('helm.v3');
    expect((await set(device, { form: 'D2' })).json['spec']).toMatchObject({ form: 'D2' });
    await eventually(
      () => deploymentText(device),
      (text) => !text.includes('helm.v3'),
    );
    expect((await set(device, { form: null })).json['spec']).toMatchObject({ form: 'D1' });
    await eventually(
      () => deploymentText(device),
      (text) => text.includes('helm.v3'),
    );
  });

  it('takes no other form', async () => {
    const device = await wfm.ready();
    for (const body of [{}, { form: 'D3' }, { form: 1 }]) {
      expect(expectProblem(await set(device, body), 422)).toEqual(['form']);
    }
    expectProblem(await set(device, { form: 'D1', state: 'ONBOARDED' }), 422, /state/);
    expectProblem(await set(device, []), 400);
    expect(await form(device)).toBe('D2');
    expectProblem(await wfm.ask('PATCH', '/devices/none', { body: { form: 'D1' } }), 404);
  });

  it('gets a higher manifest version from a resynchronisation, each time', async () => {
    const device = await wfm.ready();
    const version = async (): Promise<number> => (await device.poll()).json['manifestVersion'] as number;
    let before = await version();
    for (let turn = 0; turn < 2; turn++) {
      const { status, json } = await wfm.ask('POST', `/devices/${device.clientId}/resynchronise`);
      expect([status, json['id']]).toEqual([200, device.clientId]);
      expect(json['manifestVersion']).toBeGreaterThan(before + 1);
      before = await version();
      expect(before).toBe(json['manifestVersion']);
    }
  });

  it('is forgotten with its deployments, and may come again as another', async () => {
    const device = await wfm.ready();
    const id = await wfm.deploy(packageId, device);
    const { status, text } = await wfm.ask('DELETE', `/devices/${device.clientId}`);
    expect([status, text]).toEqual([204, '']);
    expectProblem(await get(wfm, device), 404);
    expect((await device.poll()).status).toBe(404);
    await eventually(
      () => wfm.ask('GET', `/deployments/${id}`),
      (reply) => reply.status === 404,
    );
    expectProblem(await wfm.ask('DELETE', `/devices/${device.clientId}`), 404);
    const before = device.clientId;
    expect((await device.onboard()).clientId).not.toBe(before);
  });
});
