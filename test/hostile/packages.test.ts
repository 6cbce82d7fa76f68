import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Answer } from '../device-api/http.js';
import { send } from '../device-api/http.js';
import { description, type Layer } from '../device-api/registry.js';
import { startWfm, type Wfm } from '../device-api/wfm.js';

/** Milliseconds that this process has worked so far, however busy the machine is with others. */
function worked(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1000;
}

const descriptionType = 'application/vnd.margo.app.description.v1+yaml';
const manifestType = 'application/vnd.oci.image.manifest.v1+json';
const margo = (text: string): Layer => ({ mediaType: descriptionType, bytes: Buffer.from(text), title: 'margo.yaml' });
const digestOf = (bytes: Uint8Array): string => `sha256:${createHash('sha256').update(bytes).digest('hex')}`;

/** Ten of ten of ten ...: a billion in a few hundred bytes. */
const laughs = [
  'a0: &a0 lol',
  ...Array.from({ length: 9 }, (_, n) => `a${n + 1}: &a${n + 1} [${Array(10).fill(`*a${n}`).join(', ')}]`),
].join('\n');

interface Imported {
  readonly state: string;
  readonly contextualInfo?: { readonly message: string };
}

let wfm: Wfm;
let count = 0;
beforeAll(async () => {
  wfm = await startWfm();
});
afterAll(() => wfm.stop());

async function importLayers(layers: readonly Layer[]): Promise<Imported> {
  const tag = `9.9.${count++}`;
  wfm.registry.add('apps/evil', tag, layers);
  return importTag('apps/evil', tag);
}

async function importTag(repository: string, tag: string): Promise<Imported> {
  const source = { registryUrl: wfm.registry.url, repository, tag };
  const { status, json, text } = await wfm.operate('POST', '/packages', {
    metadata: { name: 'evil' },
    spec: { source },
  });
  expect([status, text]).toEqual([202, text]);
  for (;;) {
    const found = (await wfm.operate('GET', `/packages/${json['id']}`)).json as { status: Imported };
    if (found.status.state !== 'PENDING') return found.status;
  }
}

describe('a package', () => {
  const valid = description('1.0.0');
  it.each<[string, string]>([
    ['laughs a billion times', laughs],
    ['laughs inside a description', `${valid}\n${laughs}`],
    ['refers to itself', `${valid}\nx: &x [*x]`],
    ['nests without end in brackets', `a: ${'['.repeat(50_000)}${']'.repeat(50_000)}`],
    ['nests without end in dashes', '- '.repeat(50_000)],
    ['nests without end in question marks', '? '.repeat(20_000)],
    ['nests without end by indentation', Array.from({ length: 2000 }, (_, n) => `${' '.repeat(n)}a:`).join('\n')],
    ['has a tag that makes code', 'a: !!js/function "function () { return 1 }"'],
    ['is two documents', `${valid}\n---\n${valid}`],
    ['says one thing twice', `${valid}\nid: other`],
    ['is a list', '- a\n- b'],
    ['is empty', ''],
    ['is no text', '\u0000\u0001\u0002'],
    ['is no YAML', 'a: [}'],
    [
      'has a prototype',
      valid.replace('metadata:', '__proto__: { id: x }\nconstructor: 7\nmetadata:').replace(/^id:.*$/m, ''),
    ],
    ['goes up in its id', valid.replace('com-acme-line-monitor', '../../../etc/passwd')],
    [
      'runs a regular expression for ever',
      valid
        .replace('minValue: 1, maxValue: 3600', 'regexMatch: "^(a+)+$"')
        .replace('dataType: integer', 'dataType: string')
        .replace('value: 30', `value: "${'a'.repeat(40)}!"`),
    ],
    ['is longer than anybody reads', `${valid}\n# ${'x'.repeat(5_000_000)}`],
  ])('that %s is refused with a reason, or is harmless', async (name, text) => {
    const before = worked();
    const { state, contextualInfo } = await importLayers([margo(text)]);
    expect(['FAILED', 'ONBOARDED']).toContain(state);
    if (state === 'FAILED') {
      expect(contextualInfo?.message.length).toBeGreaterThan(10);
      expect(contextualInfo?.message).not.toMatch(/\bat .+\.(?:ts|js):\d+|RangeError|call stack/i);
    } else {
      expect(name).toMatch(/prototype|twice|expression|tag/);
    }
    expect(worked() - before).toBeLessThan(10_000);
  });

  it('is refused without a description, or with one that is not there', async () => {
    expect(await importLayers([])).toMatchObject({ state: 'FAILED' });
    expect(await importLayers([{ mediaType: 'text/plain', bytes: Buffer.from('x') }])).toMatchObject({
      state: 'FAILED',
    });
    expect(await importTag('apps/none', '1.0.0')).toMatchObject({ state: 'FAILED' });
  });

  it('does not leave its place by the names of its resources', async () => {
    const names = [
      '../../../../tmp/tutti-escaped',
      '/tmp/tutti-escaped',
      'a/../../tutti-escaped',
      'C:\\tutti-escaped',
      '\0',
      '.',
    ];
    const layers = names.map((title): Layer => ({ mediaType: 'text/plain', bytes: Buffer.from(title), title }));
    const { state } = await importLayers([margo(description('2.0.0', 'com-acme-evil')), ...layers]);
    expect(['ONBOARDED', 'FAILED']).toContain(state);
    expect(existsSync('/tmp/tutti-escaped')).toBe(false);
    expect(existsSync(join(wfm.host.dataDir, '..', 'tutti-escaped'))).toBe(false);
  });

  it('may name thousands of resources without holding up anybody', async () => {
    const layers = Array.from(
      { length: 2000 },
      (_, n): Layer => ({
        mediaType: 'text/plain',
        bytes: Buffer.from(String(n)),
        title: `resources/${n}`,
      }),
    );
    const importing = importLayers([margo(description('3.0.0', 'com-acme-many')), ...layers]);
    const device = await wfm.ready();
    expect((await device.poll()).status).toBe(200);
    expect(['ONBOARDED', 'FAILED']).toContain((await importing).state);
  });
});

describe('the embedded registry', () => {
  const push = (method: string, path: string, body?: Uint8Array, type = 'application/octet-stream'): Promise<Answer> =>
    send(wfm.host.url, {
      method,
      path: `/v2${path}`,
      headers: { Authorization: `Bearer ${wfm.token}`, 'Content-Type': type },
      ...(body && { body }),
    });
  const blob = Buffer.from('an honest blob');
  const manifest = (more: object = {}): Buffer => {
    const descriptor = { mediaType: 'application/octet-stream', digest: digestOf(blob), size: blob.byteLength };
    return Buffer.from(
      JSON.stringify({ schemaVersion: 2, mediaType: manifestType, config: descriptor, layers: [descriptor], ...more }),
    );
  };
  const expectRefusal = (answer: Answer, what: string): void => {
    expect([what, answer.status >= 400 && answer.status < 500 ? 'refused' : `${answer.status} ${answer.text}`]).toEqual(
      [what, 'refused'],
    );
    expect(answer.json).toMatchObject({ errors: [{ code: expect.any(String), message: expect.any(String) }] });
    expect(answer.text).not.toMatch(/\bat .+\.(?:ts|js):\d+/);
  };

  it('takes no blob under another digest, and no name that is none', async () => {
    for (const digest of [
      digestOf(Buffer.from('other')),
      'sha256:abc',
      'md5:abc',
      '',
      '../../x',
      `sha256:${'g'.repeat(64)}`,
    ]) {
      const answer = await push('POST', `/apps/x/blobs/uploads/?digest=${encodeURIComponent(digest)}`, blob);
      // Without a digest it begins an upload, which is something else.
      if (digest !== '') expectRefusal(answer, digest);
    }
    for (const name of [
      '..',
      '../..',
      'Apps',
      'a//b',
      'a/../b',
      '%2e%2e',
      'a%00b',
      '_x',
      'a/_oci',
      '.git',
      'x'.repeat(300),
    ]) {
      expectRefusal(await push('POST', `/${name}/blobs/uploads/`), name);
    }
  });

  it('takes no manifest that nobody could pull', async () => {
    expect((await push('POST', `/apps/x/blobs/uploads/?digest=${digestOf(blob)}`, blob)).status).toBe(201);
    const missing = { mediaType: 'text/plain', digest: digestOf(Buffer.from('missing')), size: 7 };
    const wrong: [string, Uint8Array][] = [
      ['no JSON', Buffer.from('{')],
      ['a list', Buffer.from('[]')],
      ['null', Buffer.from('null')],
      ['a blob that is not there', manifest({ layers: [missing] })],
      ['a layer of the wrong type', manifest({ layers: [7] })],
      ['layers that are none', manifest({ layers: 'x' })],
      ['a digest that is none', manifest({ layers: [{ ...missing, digest: '../../../etc/passwd' }] })],
      ['no config', manifest({ config: undefined })],
      ['another digest algorithm', manifest({ config: { ...missing, digest: 'sha1:abc' } })],
      ['deep brackets', Buffer.from('['.repeat(100_000) + ']'.repeat(100_000))],
      ['not UTF-8', Buffer.from([0x7b, 0xff, 0x7d])],
    ];
    for (const [what, body] of wrong)
      expectRefusal(await push('PUT', '/apps/x/manifests/1.0.0', body, manifestType), what);
    for (const reference of [
      '..',
      '..%2f..%2fx',
      '%00',
      '-x',
      'x'.repeat(200),
      'sha256:abc',
      digestOf(Buffer.from('another')),
    ]) {
      expectRefusal(await push('PUT', `/apps/x/manifests/${reference}`, manifest(), manifestType), reference);
    }
    expectRefusal(await push('GET', '/apps/x/manifests/1.0.0'), 'nothing was kept');
    expect((await push('PUT', '/apps/x/manifests/1.0.0', manifest(), manifestType)).status).toBe(201);
  });

  it('never fails over a manifest that nests without end', async () => {
    const deep = `{"a":${'['.repeat(50_000)}${']'.repeat(50_000)}}`;
    const body = Buffer.from(`${manifest().toString().slice(0, -1)},"annotations":${deep}}`);
    const answer = await push('PUT', '/apps/x/manifests/deep', body, manifestType);
    expect(answer.status).toBeLessThan(500);
  });

  it('is closed to who has no token, or one that may only look', async () => {
    const { token } = (await wfm.operate('POST', '/tokens', { name: 'looker', role: 'viewer' })).json;
    for (const headers of [{}, { Authorization: 'Bearer wrong' }, { Authorization: `Bearer ${token}` }]) {
      const sent = { method: 'PUT', path: '/v2/apps/x/manifests/2.0.0', body: manifest(), headers };
      const answer = await send(wfm.host.url, sent);
      expect([401, 403]).toContain(answer.status);
    }
    expectRefusal(await push('GET', '/apps/x/manifests/2.0.0'), 'nothing was kept');
  });
});
