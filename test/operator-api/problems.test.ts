import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Device } from '../device-api/device.js';
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

const post = (path: string, body: unknown): Promise<Reply> => wfm.ask('POST', path, { body });
const totals = async (): Promise<unknown[]> =>
  Promise.all(
    ['/packages', '/deployments', '/devices', '/tokens'].map(
      async (path) => (await wfm.ask('GET', path)).json['metadata'],
    ),
  );

describe('a document that is wrong', () => {
  const source = { registryUrl: 'https://registry.example', repository: 'apps/line', tag: '1' };
  const ref = { appPackageRef: { id: 'p' }, deviceRef: { id: 'd' } };
  const metadata = { name: 'line' };
  it.each<[string, string, unknown, readonly string[]]>([
    ['nothing of a package', '/packages', {}, ['metadata', 'spec']],
    ['a list', '/packages', [], ['document']],
    ['a name that is none', '/packages', { metadata: { name: 'Line A' }, spec: { source } }, ['metadata.name']],
    ['no source', '/packages', { metadata, spec: {} }, ['spec.source']],
    [
      'a source without its parts',
      '/packages',
      { metadata, spec: { source: {} } },
      ['spec.source.registryUrl', 'spec.source.repository'],
    ],
    ['a field too many', '/packages', { metadata, spec: { source, colour: 1 } }, ['spec']],
    [
      'a password in the address',
      '/packages',
      { metadata, spec: { source: { ...source, registryUrl: 'https://a:b@registry.example' } } },
      ['spec.source.registryUrl'],
    ],
    ['another source type', '/packages', { metadata, spec: { source, sourceType: 'GIT' } }, ['spec.sourceType']],
    [
      'authentication of no kind',
      '/packages',
      { metadata, spec: { source: { ...source, authentication: { type: 'kerberos' } } } },
      ['spec.source.authentication.type'],
    ],
    ['nothing of a deployment', '/deployments', {}, ['metadata', 'spec']],
    [
      'wrong types all over',
      '/deployments',
      { metadata: { name: 7, labels: { a: 1 } }, spec: { ...ref, parameters: [] } },
      ['metadata.labels.a', 'metadata.name', 'spec.parameters'],
    ],
    [
      'a device by two ways',
      '/deployments',
      { metadata, spec: { ...ref, deviceRef: { id: 'd', labels: {} } } },
      ['spec.deviceRef'],
    ],
    [
      'a label that is too long',
      '/deployments',
      { metadata: { ...metadata, labels: { a: 'x'.repeat(257) } }, spec: ref },
      ['metadata.labels.a'],
    ],
    ['a name that is too long', '/deployments', { metadata: { name: 'x'.repeat(64) }, spec: ref }, ['metadata.name']],
  ])('%s', async (_what, path, body, fields) => {
    const before = await totals();
    const reply = await post(path, body);
    expect(expectProblem(reply, 422).toSorted()).toEqual(fields);
    expect(reply.json['type']).toBe('urn:tutti:problem:semantic-error');
    expect(String(reply.json['detail'])).not.toContain('document.');
    expect(await totals()).toEqual(before);
  });

  it.each<[string, string | undefined, Record<string, string>, number]>([
    ['none', undefined, {}, 400],
    ['broken JSON', '{"metadata":', {}, 400],
    ['YAML', 'metadata: {}', { 'content-type': 'application/yaml' }, 415],
    ['too much', `{"a":"${'x'.repeat(2_000_000)}"}`, {}, 413],
    ['two values', '{} {}', {}, 400],
  ])('or no document at all: %s', async (_what, body, headers, status) => {
    expectProblem(await wfm.ask('POST', '/packages', { body, headers }), status);
  });
});

describe('an address', () => {
  it.each(['packages', 'deployments'])('of %s has a long name and a short one, for all methods', async (short) => {
    const id = short === 'packages' ? packageId : await wfm.deploy(packageId, device);
    const both = async (method: string, rest: string): Promise<Reply[]> =>
      Promise.all([`/${short}`, `/app-${short}`].map((path) => wfm.ask(method, path + rest)));
    for (const [method, rest, status] of [
      ['GET', '', 200],
      ['GET', '?limit=1', 200],
      ['GET', `/${id}`, 200],
      ['GET', '/none', 404],
      ['POST', '', 400],
      ['DELETE', '/none', 404],
      ['PUT', '', 405],
    ] as const) {
      const [one, other] = await both(method, rest);
      expect([one?.status, other?.status]).toEqual([status, status]);
      if (status === 200) expect(one?.json).toEqual(other?.json);
    }
  });

  it('that is not there, or takes another method, says so', async () => {
    expectProblem(await wfm.ask('GET', '/nothing'), 404, /nothing is offered at \/nbi\/v1\/nothing/);
    const reply = await wfm.ask('PUT', `/packages/${packageId}`);
    expectProblem(reply, 405);
    expect(reply.headers.get('allow')).toBe('GET, DELETE');
  });

  it.each([
    ['GET', '/packages/none', 404],
    ['GET', '/deployments/none', 404],
    ['GET', '/devices/none', 404],
    ['GET', '/packages/..%2Fdevices', 404],
    ['GET', '/packages/%00', 404],
    ['GET', `/packages/${'x'.repeat(2000)}`, 404],
    ['GET', '/packages/__proto__', 404],
    ['DELETE', '/devices/constructor', 404],
    ['DELETE', '/deployments/none?force', 404],
  ])('%s %s is %i', async (method, path, status) => {
    expectProblem(await wfm.ask(method, path), status);
  });
});

it('is never kept by anybody in between', async () => {
  for (const path of ['/packages', `/packages/${packageId}`, '/none']) {
    expect((await wfm.ask('GET', path)).headers.get('cache-control')).toBe('no-store');
  }
});
