import { readFile } from 'node:fs/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Device, firstForm, secondForm } from './device.js';
import { expectProblem, expectTyped } from './expect.js';
import type { Answer } from './http.js';
import { startWfm, type Wfm } from './wfm.js';

let wfm: Wfm;
let device: Device;
beforeAll(async () => {
  wfm = await startWfm();
});
afterAll(() => wfm.stop());

const report = (body: unknown, rest = '', method = 'POST'): Promise<Answer> =>
  device.ask({ method, path: device.own(`/capabilities${rest}`), body });
const withdraw = (rest: string): Promise<Answer> =>
  device.ask({ method: 'DELETE', path: device.own(`/capabilities${rest}`) });
const reported = async (): Promise<string[]> => {
  const { spec } = (await wfm.operate('GET', `/devices/${device.clientId}`)).json as {
    spec: { capabilities: { properties: { id: string } }[] };
  };
  return spec.capabilities.map(({ properties }) => properties.id);
};

describe('a report of capabilities', () => {
  beforeAll(async () => {
    device = await (await wfm.device()).onboard();
  });

  it.each(['POST', 'PUT'])('by %s answers 201, the second time too', async (method) => {
    for (const document of [firstForm(), firstForm(), secondForm()]) {
      const answer = await report(document, '', method);
      expect({ status: answer.status, body: answer.text }).toEqual({ status: 201, body: '{}' });
      expect(answer.headers['content-type']).toBe('application/json');
      expect(await reported()).toEqual(['edge-1']);
    }
  });

  it.each(['POST', 'PUT'])('by %s may name its device in the address', async (method) => {
    expect((await report(secondForm(), '/edge-1', method)).status).toBe(201);
    expectProblem(await report(secondForm(), '/edge-2', method), 422, /properties\.id/);
    expect(await reported()).toEqual(['edge-1']);
  });

  it.each(['d1', 'd2-early', 'd3'])('may have the form of %s', async (name) => {
    const file = new URL(`../../managers/margo/device/testdata/${name}.json`, import.meta.url);
    const one = await (await wfm.device()).onboard();
    const body = await readFile(file);
    const { properties } = JSON.parse(body.toString()) as { properties: { id: string } };
    const parts = properties.id.split('/');
    for (let above = 1; above < parts.length; above++) await one.report(secondForm(parts.slice(0, above).join('/')));
    expect((await one.ask({ method: 'POST', path: one.own('/capabilities'), body })).status).toBe(201);
  });

  it('answers 400 to what is no document', async () => {
    const before = await wfm.dump();
    for (const body of ['[]', '7', '"x"', 'null', '{', '', '{"a":1}x', '\ufeff', "{'a':1}"]) {
      const answer = await report(Buffer.from(body));
      expect(body === '' ? [400, 401].includes(answer.status) : answer.status === 400, `${body}: ${answer.text}`).toBe(
        true,
      );
      expectProblem(answer, answer.status);
    }
    expectProblem(await report(Buffer.from([0x7b, 0x22, 0xff, 0xfe, 0x22, 0x3a, 0x31, 0x7d])), 400, /UTF-8/);
    expect(await wfm.dump()).toBe(before);
  });

  it('answers 422 to a wrong document, and names the fields', async () => {
    const before = await wfm.dump();
    const wrong: [unknown, string][] = [
      [{}, 'properties'],
      [{ properties: [] }, 'properties'],
      [{ ...secondForm(), kind: 'Pod' }, 'kind'],
      [secondForm('edge-1', { vendor: undefined }), 'properties.vendor'],
      [secondForm('edge 1'), 'properties.id'],
      [secondForm('/edge-1'), 'properties.id'],
      [secondForm('edge-1', { memory: 'much' }), 'properties.memory'],
      [secondForm('edge-1', { supportedRuntimes: ['jvm'] }), 'properties.supportedRuntimes.0'],
      [secondForm('edge-1', { supportedDeploymentTypes: ['snap'] }), 'properties.supportedDeploymentTypes.0'],
      [secondForm('edge-1', { cpus: [{ cores: '4' }] }), 'properties.cpus.0.cores'],
      [firstForm('edge-1', { roles: ['King'] }), 'properties.roles.0'],
      [firstForm('edge-1', { resources: {} }), 'properties.resources.cpu'],
      [secondForm('edge-1', {}, { place: { a: 1 } }), 'labels.place'],
    ];
    for (const [document, field] of wrong) {
      const answer = await report(document);
      expectProblem(answer, 422);
      const { errors } = answer.json as { errors: { field: string }[] };
      expect(errors.map((one) => one.field)).toContain(field);
    }
    expect(await wfm.dump()).toBe(before);
  });

  it('answers 415 to another media type, and 413 to too much', async () => {
    const path = device.own('/capabilities');
    expectProblem(
      await device.ask({ method: 'POST', path, body: secondForm(), headers: { 'Content-Type': 'text/yaml' } }),
      415,
    );
    const fat = secondForm('edge-1', { note: 'x'.repeat(300_000) });
    expectProblem(await device.ask({ method: 'POST', path, body: fat }), 413);
  });

  it('answers 404 for a client that is unknown, 405 to other methods', async () => {
    expectProblem(
      await device.ask({ method: 'POST', path: '/api/v1/clients/none/capabilities', body: secondForm() }),
      404,
    );
    const answer = await device.ask({ path: device.own('/capabilities') });
    expectProblem(answer, 405);
    expect(answer.headers.allow).toBe('POST, PUT');
  });

  it('takes an unknown type as custom where the profile says so', async () => {
    await using open = await startWfm({ vendor: 'unknownValues: custom' });
    await open.ready(secondForm('edge-1', { supportedRuntimes: ['jvm'], supportedDeploymentTypes: ['snap'] }));
  });
});

describe('a gateway and what is below it', () => {
  beforeAll(async () => {
    device = await (await wfm.device()).onboard();
  });

  it('reports itself first', async () => {
    expectTyped(await report(secondForm('gw/a')), 404, 'gateway-not-found');
    expect((await report(secondForm('gw'))).status).toBe(201);
    expect((await report(secondForm('gw/a'))).status).toBe(201);
    expect((await report(secondForm('gw/a/x'))).status).toBe(201);
    expect(await reported()).toEqual(['gw', 'gw/a', 'gw/a/x']);
  });

  it('can be named with a slash, or with an escaped one', async () => {
    expect((await report(secondForm('gw/a'), '/gw/a')).status).toBe(201);
    expect((await report(secondForm('gw/a'), '/gw%2Fa', 'PUT')).status).toBe(201);
    expect((await report(secondForm('gw/a'), '/gw%2fa')).status).toBe(201);
    expectProblem(await report(secondForm('gw/a'), '/gw%252Fa'), 422);
  });

  it('goes with everything below it, and 204', async () => {
    await report(secondForm('gw2'));
    expectProblem(await withdraw('/gw%252Fa'), 404);
    expectProblem(await withdraw('/gw/nothing'), 404);
    const answer = await withdraw('/gw%2Fa');
    expect({ status: answer.status, body: answer.text }).toEqual({ status: 204, body: '' });
    expect(await reported()).toEqual(['gw', 'gw2']);
    await report(secondForm('gw/b'));
    expect((await withdraw('/gw')).status).toBe(204);
    expect(await reported()).toEqual(['gw2']);
    expectTyped(await withdraw('/gw'), 404, 'device-not-found');
  });

  it.each(['constructor', 'toString', '__proto__', 'hasOwnProperty'])(
    'is not taken for known when it is called %s',
    async (name) => {
      const before = await reported();
      expectProblem(await withdraw(`/${name}`), 404);
      expectProblem(await report(secondForm(`${name}/a`)), 404);
      expect(await reported()).toEqual(before);
      expect((await report(secondForm(name))).status).toBe(201);
      expect((await report(secondForm(`${name}/a`))).status).toBe(201);
      expect(await reported()).toEqual([...before, name, `${name}/a`]);
      expect((await withdraw(`/${name}`)).status).toBe(204);
      expect(await reported()).toEqual(before);
    },
  );
});
