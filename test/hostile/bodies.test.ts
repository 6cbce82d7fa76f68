import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Device, firstForm, secondForm } from '../device-api/device.js';
import type { Answer } from '../device-api/http.js';
import { startWfm, type Wfm } from '../device-api/wfm.js';

/** JSON text that nests this deeply. */
const deep = (levels: number, open = '[', close = ']'): string => open.repeat(levels) + close.repeat(levels);
const withMember = (document: object, member: string): Buffer =>
  Buffer.from(`${JSON.stringify(document).slice(0, -1)},${member}}`);

describe.each(['{ type: state.observed }', '{ type: state.sqlite }'])('with the store %s', (store) => {
  let wfm: Wfm;
  let device: Device;
  let id: string;
  let packageId: string;
  beforeAll(async () => {
    wfm = await startWfm({ store });
    device = await wfm.ready();
    packageId = await wfm.importPackage('1.0.0');
    id = await wfm.deploy(packageId, device);
  });
  afterAll(() => wfm.stop());

  const signed = (method: string, rest: string, body: unknown): Promise<Answer> =>
    device.ask({ method, path: device.own(rest), body });

  /** Every place that takes a document, with one that it takes. */
  const places = (): Record<string, { valid: object; send: (body: unknown) => Promise<Answer> }> => ({
    onboarding: {
      valid: { kind: 'OnboardingRequest', certificate: 'MII' },
      send: (body) => device.ask({ method: 'POST', path: '/api/v1/onboarding', body }),
    },
    'capabilities, first form': { valid: firstForm(), send: (body) => signed('PUT', '/capabilities', body) },
    capabilities: { valid: secondForm(), send: (body) => signed('POST', '/capabilities', body) },
    status: {
      valid: {
        deploymentId: id,
        status: { state: 'installed' },
        components: [{ name: 'monitor', state: 'installed' }],
      },
      send: (body) => signed('POST', `/deployments/${id}/status`, body),
    },
    package: {
      valid: {
        metadata: { name: 'a' },
        spec: { source: { registryUrl: wfm.registry.url, repository: 'apps/line', tag: '9.9.9' } },
      },
      send: (body) => wfm.operate('POST', '/packages', body),
    },
    deployment: {
      valid: {
        metadata: { name: 'a' },
        spec: { appPackageRef: { id: packageId }, deviceRef: { id: device.clientId } },
      },
      send: (body) => wfm.operate('POST', '/deployments', body),
    },
    update: {
      valid: { spec: { parameters: { pollSeconds: 7 } } },
      send: (body) => wfm.operate('PATCH', `/deployments/${id}`, body),
    },
    form: { valid: { form: 'D2' }, send: (body) => wfm.operate('PATCH', `/devices/${device.clientId}`, body) },
    token: { valid: { name: 'a', role: 'viewer' }, send: (body) => wfm.operate('POST', '/tokens', body) },
  });
  const state = async (): Promise<string> => {
    if (store.includes('observed')) return wfm.dump();
    const answers = await Promise.all(
      ['/packages', '/deployments', '/devices', '/tokens'].map((path) => wfm.operate('GET', path)),
    );
    return answers.map(({ text }) => text.replaceAll(/"lastSeen":"[^"]*"/g, '')).join('\n');
  };
  const expectRefusal = (answer: Answer, what: string, ...statuses: number[]): void => {
    expect([what, statuses.includes(answer.status) ? 'refused' : `${answer.status} ${answer.text}`]).toEqual([
      what,
      'refused',
    ]);
    expect(answer.headers['content-type']).toBe('application/problem+json');
    expect(answer.json).toMatchObject({ type: expect.any(String), status: answer.status, detail: expect.any(String) });
  };

  it('refuses what nests without end, anywhere in a document', async () => {
    const before = await state();
    for (const [name, { valid, send }] of Object.entries(places())) {
      for (const text of [
        deep(10_000),
        deep(10_000, '{"a":', '}').replace('{"a":}', '{"a":1}'),
        `{"spec":${deep(10_000)}}`,
      ]) {
        expectRefusal(await send(Buffer.from(text)), `${name}: ${text.slice(0, 20)}`, 400, 413, 422);
      }
      for (const member of ['note', 'properties', 'metadata', 'spec', 'status', 'labels']) {
        const body = withMember(valid, `"${member}":${deep(20_000)}`);
        expectRefusal(await send(body), `${name}: ${member}`, 400, 413, 422);
      }
    }
    expect(await state()).toBe(before);
  });

  it('refuses what is not UTF-8, or no JSON', async () => {
    const before = await state();
    for (const [name, { valid, send }] of Object.entries(places())) {
      const text = JSON.stringify(valid);
      const broken = [
        Buffer.concat([
          Buffer.from(text.slice(0, -1)),
          Buffer.from(',"note":"'),
          Buffer.from([0xc3, 0x28]),
          Buffer.from('"}'),
        ]),
        Buffer.from(text, 'utf16le'),
        Buffer.from(text.slice(0, -1)),
        Buffer.from(`${text}\0`),
        Buffer.from(text.replace('{', '{"a":\0,')),
        Buffer.from(text.replace('{', '{"a":NaN,')),
        Buffer.alloc(1000),
      ];
      for (const [index, body] of broken.entries()) expectRefusal(await send(body), `${name} ${index}`, 400);
    }
    expect(await state()).toBe(before);
  });

  it('refuses a number that no document can hold', async () => {
    const before = await state();
    for (const [name, { valid, send }] of Object.entries(places())) {
      expectRefusal(await send(withMember(valid, '"note":1e999')), name, 400);
    }
    expectRefusal(
      await signed('PUT', '/capabilities', withMember(secondForm(), '"properties":{"a":-1e999}')),
      'raw',
      400,
    );
    expect(await state()).toBe(before);
  });

  it('takes no name for more than a name', async () => {
    for (const [name, { valid, send }] of Object.entries(places())) {
      for (const key of ['__proto__', 'constructor', 'prototype', 'toString']) {
        const body = withMember(valid, `"${key}":{"polluted":true,"certificate":"x","toString":1}`);
        const { status, text } = await send(body);
        expect([name, key, status < 500 ? 'answered' : text]).toEqual([name, key, 'answered']);
        expect({}).not.toHaveProperty('polluted');
      }
    }
    for (const key of ['__proto__', 'constructor', 'toString', 'hasOwnProperty']) {
      const before = await state();
      const parameters = `{"spec":{"parameters":{"${key}":1}}}`;
      expectRefusal(await wfm.operate('PATCH', `/deployments/${id}`, Buffer.from(parameters)), key, 400, 422);
      expectRefusal(await wfm.operate('GET', `/packages/${key}`), key, 404);
      expectRefusal(await wfm.operate('GET', `/deployments/${key}`), key, 404);
      expectRefusal(await wfm.operate('DELETE', `/devices/${key}`), key, 404);
      expectRefusal(await wfm.operate('DELETE', `/tokens/${key}`), key, 404);
      expectRefusal(await wfm.operate('GET', `/devices?${key}=1`), key, 400, 422);
      expectRefusal(await device.ask({ path: `/api/v1/clients/${key}/deployments` }), key, 404);
      expect(await state()).toBe(before);
    }
  });

  it.each(['\0', '\ud800', 'a\0b'])('keeps text that no store can keep out of it: %j', async (text) => {
    const before = await state();
    const query = encodeURIComponent(text.replace('\ud800', '\0'));
    for (const path of [
      `/packages/${query}`,
      `/deployments/${query}`,
      `/devices/${query}`,
      `/packages?continue=${query}`,
      `/packages?applicationId=${query}`,
      `/deployments?deviceId=${query}`,
      `/deployments?appPackageId=${query}&deviceId=${query}`,
      `/deployments?continue=${query}`,
      `/devices?continue=${query}`,
      `/devices?appPackageId=${query}`,
    ]) {
      const answer = await wfm.operate('GET', path);
      expect([path, answer.status < 500 ? 'answered' : answer.text]).toEqual([path, 'answered']);
    }
    for (const path of [`/packages/${query}`, `/deployments/${query}`, `/devices/${query}`, `/tokens/${query}`]) {
      expectRefusal(await wfm.operate('DELETE', path), path, 400, 404, 422);
    }
    const spec = { appPackageRef: { id: text }, deviceRef: { id: device.clientId } };
    expectRefusal(
      await wfm.operate('POST', '/deployments', { metadata: { name: 'a' }, spec }),
      'package',
      400,
      404,
      422,
    );
    for (const deviceRef of [{ id: text }, { labels: { [text]: text } }]) {
      const to = { appPackageRef: { id: packageId }, deviceRef };
      expectRefusal(
        await wfm.operate('POST', '/deployments', { metadata: { name: 'a' }, spec: to }),
        JSON.stringify(deviceRef),
        ...[400, 404, 409, 422],
      );
    }
    for (const rest of [`/deployments/${query}/status`, `/capabilities/${query}`]) {
      const body = { deploymentId: text, status: { state: 'installed' } };
      expectRefusal(await signed('POST', rest, body), rest, 400, 404, 422);
    }
    expectRefusal(
      await device.ask({ path: device.own(`/deployments/${query}/sha256:${'0'.repeat(64)}`) }),
      'deployment',
      ...[400, 404],
    );
    expect(await state()).toBe(before);
    // Half a character has no form in UTF-8, and so none on every binding.
    const taken = text === '\ud800' ? 400 : 201;
    for (const labels of [{ [text]: 'x' }, { x: text }, { x: [text] }]) {
      const answer = await signed('PUT', '/capabilities', secondForm('edge-1', {}, labels));
      expect([labels, answer.status]).toEqual([labels, taken]);
    }
    await device.report();
  });

  it('refuses wrong types in every field, and names the field', async () => {
    const before = await state();
    for (const [name, { valid, send }] of Object.entries(places())) {
      for (const [path, wrong] of wrongTypes(valid)) {
        const answer = await send(wrong);
        if (answer.status < 300) throw new Error(`${name} takes ${path}: ${JSON.stringify(wrong)}`);
        expectRefusal(answer, `${name}: ${path}`, 400, 404, 409, 422);
      }
    }
    expect(await state()).toBe(before);
  });
});

/** A document with each of its fields, in turn, of a type that it cannot have. */
function* wrongTypes(document: object): Generator<[string, object]> {
  for (const [key, value] of Object.entries(document)) {
    // What may be anything, or nothing, in old and new documents alike.
    if (['apiVersion', 'labels', 'pollSeconds', 'otelCollector', 'peripherals'].includes(key)) continue;
    const wrong = typeof value === 'object' ? [7, 'text', true] : [{}, [], { a: 1 }, true];
    for (const other of wrong) yield [key, { ...document, [key]: other }];
    if (value === null || typeof value !== 'object' || Array.isArray(value)) continue;
    for (const [path, inner] of wrongTypes(value)) yield [`${key}.${path}`, { ...document, [key]: inner }];
  }
}
