import { once } from 'node:events';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { accepted, anyone, created, defineOperation, defineVendor, ok, serve, z } from '../../core/plugin/index.js';
import { startTestHost, type TestHost } from '../../core/testing/host.js';
import http from './index.js';
import { preferencesIn } from './prefer.js';

describe('the field Prefer', () => {
  it.each([
    [undefined, { minimal: false, wait: undefined }],
    ['return=minimal', { minimal: true, wait: undefined }],
    ['Return = "minimal"; foo=1, WAIT=10', { minimal: true, wait: 10 }],
    ['respond-async, wait=5', { minimal: false, wait: 5 }],
    ['handling=lenient, return=representation', { minimal: false, wait: undefined }],
    ['return=representation, return=minimal', { minimal: false, wait: undefined }],
    ['x="a, return=minimal"', { minimal: false, wait: undefined }],
    ['"unfinished, return=minimal', { minimal: true, wait: undefined }],
    ['wait=0', { minimal: false, wait: undefined }],
    ['wait=-1', { minimal: false, wait: undefined }],
    ['wait=soon, ;;=,,"', { minimal: false, wait: undefined }],
    ['wait=99999999999999', { minimal: false, wait: undefined }],
  ])('%s', (field, preferences) => {
    expect(preferencesIn(field)).toEqual(preferences);
  });
});

const base = { problems: [], access: anyone, summary: 'Toy', input: z.object({}) } as const;
const value = { kind: 'value', schema: z.unknown() } as const;
const change = (id: string, path: string) =>
  defineOperation({ ...base, id, idempotency: 'once', output: value, http: { method: 'POST', path } });
const toy = defineVendor({
  type: 'vendor.toy',
  version: '1.0.0',
  create: () => ({
    operations: [
      serve(change('toy.make', '/make'), () => created({ long: 'value' }, '/things/1')),
      serve(change('toy.begin', '/begin'), () => accepted({ long: 'value' }, '/things/1')),
      serve(change('toy.change', '/change'), () => ok({ long: 'value' }, 'v2')),
      serve(change('toy.never', '/never'), async ({ signal }) => {
        await once(signal, 'abort');
        return ok('given up');
      }),
      serve(
        defineOperation({
          ...base,
          id: 'toy.get',
          idempotency: 'safe',
          output: value,
          http: { method: 'GET', path: '/get' },
        }),
        () => ok('value'),
      ),
    ],
  }),
});

describe('preferences over HTTP', () => {
  let host: TestHost;
  beforeAll(async () => {
    host = await startTestHost({
      definitions: [toy, http],
      profile:
        'profile: toys\nvendors: { toy: { type: vendor.toy, path: /toys } }\nbindings: { http: { type: binding.http, config: { tls: off, port: 0 } } }',
    });
  });
  afterAll(() => host.stop());
  const ask = (path: string, prefer: string, method = 'POST'): Promise<Response> =>
    fetch(`${host.url}/toys${path}`, { method, headers: { prefer } });

  it.each([
    ['/make', 201, { location: '/toys/things/1' }],
    ['/begin', 202, { location: '/toys/things/1' }],
    ['/change', 204, { etag: '"v2"' }],
  ])('return=minimal has %s answered %i without a body', async (path, status, headers) => {
    const reply = await ask(path, 'return=minimal');
    expect({ status: reply.status, body: await reply.text() }).toEqual({ status, body: '' });
    expect(Object.fromEntries(reply.headers)).toMatchObject({ ...headers, 'preference-applied': 'return=minimal' });
    expect(reply.headers.get('content-type')).toBeNull();
  });

  it('return=minimal changes nothing for what only reads, nor for other preferences', async () => {
    const read = await ask('/get', 'return=minimal', 'GET');
    expect({ status: read.status, body: await read.json() }).toEqual({ status: 200, body: 'value' });
    const made = await ask('/make', 'handling=strict, nonsense;;"');
    expect({ status: made.status, body: await made.json() }).toEqual({ status: 201, body: { long: 'value' } });
    expect(made.headers.get('preference-applied')).toBeNull();
  });

  it('wait bounds the time of an operation', async () => {
    const reply = await ask('/never', 'wait=1');
    expect(reply.status).toBe(504);
    expect(await reply.json()).toMatchObject({ type: 'urn:tutti:problem:timeout' });
  });
});
