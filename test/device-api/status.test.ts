import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Device } from './device.js';
import { expectProblem, expectTyped } from './expect.js';
import { startWfm, type Wfm } from './wfm.js';

let wfm: Wfm;
let device: Device;
let other: Device;
let id: string;
let packageId: string;
beforeAll(async () => {
  wfm = await startWfm();
  device = await wfm.ready();
  other = await wfm.ready();
  packageId = await wfm.importPackage('1.0.0');
  id = await wfm.deploy(packageId, device);
});
afterAll(() => wfm.stop());

const shown = async (of = id): Promise<Record<string, unknown>> =>
  (await wfm.operate('GET', `/deployments/${of}`)).json['status'] as Record<string, unknown>;

describe('a status report', () => {
  it.each([
    ['pending', 'PENDING'],
    ['installing', 'INSTALLING'],
    ['installed', 'INSTALLED'],
    ['failed', 'FAILED'],
    ['removing', 'REMOVING'],
    ['Installed', 'INSTALLED'],
  ])('of %s answers 200 and is shown to the operator', async (state, as) => {
    const answer = await device.status(id, state);
    expect({ status: answer.status, body: answer.text }).toEqual({ status: 200, body: '{}' });
    expect((await shown())['state']).toBe(as);
  });

  it('is taken at the address of the oldest clients too', async () => {
    const body = { deploymentId: id, status: { state: 'installing' }, components: [] };
    const answer = await device.ask({ method: 'POST', path: device.own(`/deployment/${id}/status`), body });
    expect(answer.status).toBe(200);
    expect((await shown())['state']).toBe('INSTALLING');
  });

  it('tells of an error, and of none when it is empty', async () => {
    const error = { code: '7', source: 'monitor', message: 'no space left' };
    await device.status(id, 'failed', { status: { state: 'failed', error } });
    expect(await shown()).toMatchObject({ state: 'FAILED', error });
    for (const none of [{ code: '', source: '', message: '' }, {}, null]) {
      const component = { name: 'monitor', state: 'installed', error: none };
      const answer = await device.status(id, 'installed', {
        status: { state: 'installed', error: none },
        components: [component],
      });
      expect(answer.status).toBe(200);
      const status = await shown();
      expect(status).toMatchObject({ state: 'INSTALLED', components: [{ name: 'monitor', state: 'installed' }] });
      expect(status).not.toHaveProperty('error');
      expect(status).not.toHaveProperty('components.0.error');
    }
  });

  it('that comes again changes nothing', async () => {
    await device.status(id, 'installed');
    const before = await wfm.dump();
    expect((await device.status(id, 'installed')).status).toBe(200);
    expect(await wfm.dump()).toBe(before);
  });

  it('of a deployment that is unknown, or another device’s, is 404 and changes nothing', async () => {
    const before = await wfm.dump();
    const unknown = await device.status('7d3f0a52-5b5e-4a0b-9d0f-2f4b1f6f9a10', 'failed');
    expectTyped(unknown, 404, 'deployment-not-found');
    const theirs = await other.status(id, 'failed');
    expectProblem(theirs, 404);
    const wording = (answer: typeof theirs): string => answer.text.replaceAll(/[0-9a-f-]{36}/g, 'ID');
    expect(wording(theirs)).toBe(wording(unknown));
    expect(await wfm.dump()).toBe(before);
  });

  it('that is wrong is 422, that cannot be read 400, and changes nothing', async () => {
    const before = await wfm.dump();
    const path = device.own(`/deployments/${id}/status`);
    const status = { state: 'installed' };
    const wrong = [
      { deploymentId: id, status: { state: 'exploded' } },
      { deploymentId: id, status: {} },
      { deploymentId: id, status: [status] },
      { deploymentId: id },
      { status },
      {},
      { deploymentId: 'another', status },
      { deploymentId: id, kind: 'Pod', status },
      { deploymentId: id, status, components: {} },
      { deploymentId: id, status, components: [{ state: 'installed' }] },
      { deploymentId: id, status, components: [{ name: 'a', state: 'half' }] },
      {
        deploymentId: id,
        status,
        components: [
          { name: 'a', ...status },
          { name: 'a', ...status },
        ],
      },
      { deploymentId: id, status, adoptedManifestVersion: 'new' },
    ];
    for (const body of wrong) expectProblem(await device.ask({ method: 'POST', path, body }), 422);
    for (const body of ['[]', 'null', '7', '{']) {
      expectProblem(await device.ask({ method: 'POST', path, body: Buffer.from(body) }), 400);
    }
    expectProblem(await device.ask({ method: 'POST', path }), 400);
    expectProblem(await device.ask({ method: 'PUT', path, body: wrong[0] }), 405);
    expect(await wfm.dump()).toBe(before);
  });

  it('of a removal ends a deployment that was deleted, and only then', async () => {
    expect((await wfm.operate('DELETE', `/deployments/${id}`)).status).toBe(202);
    expect((await device.poll()).json['deployments']).toEqual([]);
    expect((await device.status(id, 'installed')).status).toBe(200);
    expect((await shown())['state']).toBe('REMOVING');
    expect((await device.status(id, 'removed')).status).toBe(200);
    expect((await wfm.operate('GET', `/deployments/${id}`)).status).toBe(404);
    expectProblem(await device.status(id, 'removed'), 404);
  });

  it('is not waited for where the device never had the deployment, and shows that it has none', async () => {
    const unheard = await wfm.deploy(packageId, device);
    expect((await wfm.operate('DELETE', `/deployments/${unheard}`)).status).toBe(202);
    const { headers } = await device.poll();
    expect((await shown(unheard))['state']).toBe('REMOVING');
    expect((await device.poll({ 'If-None-Match': '*' })).status).toBe(304);
    expect((await shown(unheard))['state']).toBe('REMOVING');
    expect((await device.poll({ 'If-None-Match': String(headers.etag) })).status).toBe(304);
    expect((await wfm.operate('GET', `/deployments/${unheard}`)).status).toBe(404);
  });
});
