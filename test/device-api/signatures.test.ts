import { request as plainRequest } from 'node:http';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Device } from './device.js';
import { firstForm, secondForm } from './device.js';
import { expectProblem } from './expect.js';
import { generateKey, type Scheme, schemes } from './keys.js';
import { startWfm, type Wfm } from './wfm.js';

const now = (): number => Math.floor(Date.now() / 1000);
const usual = ['@method', '@target-uri', '@authority'];

let wfm: Wfm;
let device: Device;
let other: Device;
beforeAll(async () => {
  wfm = await startWfm();
  device = await wfm.ready();
  other = await wfm.ready();
});
afterAll(() => wfm.stop());

const put = (body: unknown = secondForm()) => ({ method: 'PUT', path: device.own('/capabilities'), body });

describe('what a device may sign with', () => {
  it.each(Object.keys(schemes) as Scheme[])('%s: polls and reports', async (scheme) => {
    const signer = await (await wfm.device({ scheme })).onboard();
    expect((await signer.poll()).status).toBe(200);
    await signer.report();
    const named = { parameters: `;alg="${scheme}"` };
    expect((await signer.ask({ path: signer.own('/deployments'), sign: named })).status).toBe(200);
  });

  it.each(['sig', 'sig1', 'anything_else', '*'])('the label %s', async (label) => {
    expect((await device.ask({ path: device.own('/deployments'), sign: { label } })).status).toBe(200);
  });

  it.each([
    [['@method', '@target-uri']],
    [['@target-uri', '@method', '@authority', '@scheme', '@path']],
    [['@method', '@authority', '@path']],
  ])('the components %j', async (components) => {
    expect((await device.ask({ path: device.own('/deployments'), sign: { components } })).status).toBe(200);
  });

  it('a key id of its own, which says nothing here', async () => {
    expect((await device.ask({ path: device.own('/deployments'), sign: { keyid: other.key.keyid } })).status).toBe(200);
  });

  it('a clock that is a little off', async () => {
    for (const created of [now() - 290, now() + 50]) {
      expect((await device.ask({ path: device.own('/deployments'), sign: { created } })).status).toBe(200);
    }
  });
});

describe('401 for', () => {
  let before: string;
  beforeAll(async () => {
    before = await wfm.dump();
  });
  const refused = async (asked: Parameters<Device['ask']>[0], detail?: RegExp): Promise<void> => {
    const answer = await device.ask(asked);
    expectProblem(answer, 401, detail);
    expect(answer.json['error']).toBe('Invalid signature');
    expect(answer.headers['www-authenticate']).toMatch(/^Signature/);
    expect(await wfm.dump()).toBe(before);
  };

  it('a request without a signature, or with half of one', async () => {
    await refused({ path: device.own('/deployments'), sign: 'not' });
    await refused({ ...put(), sign: 'not' });
    for (const missing of ['Signature', 'Signature-Input']) {
      const { headers, ...sent } = device.prepare(put());
      const { [missing]: _, ...left } = headers ?? {};
      expectProblem(await device.send({ ...sent, headers: left }), 401);
    }
  });

  it.each(usual.filter((name) => name !== '@authority'))('a signature that does not cover %s', async (missing) => {
    const components = usual.filter((name) => name !== missing && name !== '@authority');
    await refused({ path: device.own('/deployments'), sign: { components } }, /does not cover|covers neither/);
  });

  it('a signature that leaves out the body, or the query', async () => {
    await refused({ ...put(), sign: { components: usual } }, /content-digest/);
    await refused(
      { path: device.own('/deployments?since=1'), sign: { components: ['@method', '@authority', '@path'] } },
      /@query/,
    );
    await refused({ path: device.own('/deployments'), sign: { components: [] } });
  });

  it('a signature from another time', async () => {
    await refused({ path: device.own('/deployments'), sign: { created: now() - 310 } }, /old/);
    await refused({ path: device.own('/deployments'), sign: { created: now() + 120 } }, /ahead/);
    await refused({ path: device.own('/deployments'), sign: { created: undefined } }, /created/);
    await refused({ path: device.own('/deployments'), sign: { parameters: `;expires=${now() - 1}` } }, /expired/);
    await refused({ ...put(), sign: { created: now() - 400 } }, /old/);
  });

  it('a signature with another key', async () => {
    await refused({ path: device.own('/deployments'), key: generateKey() });
    await refused({ path: device.own('/deployments'), key: generateKey('ed25519') });
    await refused({ path: device.own('/deployments'), key: other.key });
  });

  it('an algorithm that is not the key’s', async () => {
    for (const alg of ['ed25519', 'rsa-pss-sha512', 'hmac-sha256', 'none', '']) {
      await refused({ path: device.own('/deployments'), sign: { parameters: `;alg="${alg}"` } }, /algorithm/);
    }
  });

  it('a signature that was made for another address or method', async () => {
    const sent = device.prepare({ path: device.own('/deployments') });
    const moved = [
      { path: device.own('/deployments?x=1') },
      { path: device.own('/bundles/sha256:') + '0'.repeat(64) },
      { path: `/api/v1/clients/${other.clientId}/deployments` },
      { method: 'DELETE', path: device.own('/capabilities/edge-1') },
      { method: 'HEAD' },
    ];
    for (const change of moved) expect((await device.send({ ...sent, ...change })).status).toBe(401);
    const post = device.prepare({ ...put(), method: 'POST' });
    expectProblem(await device.send({ ...post, method: 'PUT' }), 401);
    expect(await wfm.dump()).toBe(before);
  });

  it('fields that are no structured fields', async () => {
    const { headers: signed = {}, ...sent } = device.prepare({ path: device.own('/deployments') });
    const wrong = {
      'Signature-Input': [
        '',
        '()',
        'sig1',
        'sig1=()',
        'sig1=("@method" "@target-uri"',
        'sig1=("@method" "@target-uri");created=soon',
        'sig1=("@method" "@target-uri");created=1.5',
        'sig1=("@method" "@method" "@target-uri");created=1',
        'sig1=("@nonsense");created=1',
        'sig1=(7);created=1',
        'sig1=("@method";req "@target-uri");created=1',
        `sig1=("@method" "@target-uri");created=${'9'.repeat(15)}`,
        `sig1=("@method" "@target-uri");created=${'9'.repeat(30)}`,
        `sig1=("@method" "@target-uri");created=-1`,
        `sig1=("@method" "@target-uri" "x-${'y'.repeat(4000)}");created=${now()}`,
        `sig1=(${'"@method" '.repeat(500)});created=${now()}`,
        `${signed['Signature-Input']}, sig2=("@method");created=${now()}`,
      ],
      Signature: [
        '',
        'x',
        'sig1',
        'sig1=',
        'sig1=::',
        'sig1=:!:',
        'sig1="AAAA"',
        'sig2=:AAAA:',
        'sig1=:AAAA:',
        `sig1=:${'A'.repeat(8000)}:`,
      ],
    };
    for (const [name, values] of Object.entries(wrong)) {
      for (const value of values) {
        expectProblem(await device.send({ ...sent, headers: { ...signed, [name]: value } }), 401);
      }
    }
    expect(await wfm.dump()).toBe(before);
  });

  it('two signatures, of which one is right', async () => {
    const { headers = {}, ...sent } = device.prepare({ path: device.own('/deployments') });
    const second =
      device.prepare({ path: device.own('/deployments'), key: other.key, sign: { label: 'sig2' } }).headers ?? {};
    const twice = (name: string): string[] => [String(headers[name]), String(second[name])];
    const answer = await device.send({
      ...sent,
      headers: { ...headers, 'Signature-Input': twice('Signature-Input'), Signature: twice('Signature') },
    });
    expectProblem(answer, 401);
  });

  it('a field that is signed and sent twice with another value', async () => {
    const sign = { components: [...usual, 'x-note'], values: { 'x-note': 'one' } };
    const path = device.own('/deployments');
    const note = (value: string | string[]) => ({ path, sign, headers: { 'X-Note': value } });
    expect((await device.ask(note('one'))).status).toBe(200);
    expectProblem(await device.ask(note(['one', 'two'])), 401);
    expectProblem(await device.ask({ path, sign }), 401);
  });

  it('a signed change that comes again', async () => {
    const sent = device.prepare(put(secondForm('edge-1', { serialNumber: 'S-2' })));
    expect((await device.send(sent)).status).toBe(201);
    await device.report(secondForm('edge-1', { serialNumber: 'S-3' }));
    const after = await wfm.dump();
    const again = await device.send(sent);
    expectProblem(again, 401, /taken already/);
    expect(await wfm.dump()).toBe(after);
    await device.report();
  });
});

describe('400 for a body that is not the signed one', () => {
  it('when it was changed, or has no digest', async () => {
    const { body: _, ...sent } = device.prepare(put());
    const before = await wfm.dump();
    expectProblem(await device.send({ ...sent, body: Buffer.from(JSON.stringify(firstForm())) }), 400, /digest/i);
    expectProblem(await device.send(sent), 400, /digest/i);
    const { headers = {}, ...unmarked } = device.prepare(put());
    const { 'Content-Digest': __, ...left } = headers;
    expectProblem(await device.send({ ...unmarked, headers: left }), 400, /digest/i);
    expect(await wfm.dump()).toBe(before);
  });

  it.each([
    'sha-256=:AAAA:',
    'sha-256="x"',
    'md5=:AAAA:',
    'nonsense, =',
    `sha-256=:${Buffer.alloc(32).toString('base64')}:`,
  ])('when its digest is %s, correctly signed', async (digest) => {
    expectProblem(await device.ask({ ...put(), sign: { digest } }), 400, /digest/i);
  });
});

describe('a poll', () => {
  it('may come twice with one signature, for a deterministic one of the same second is the same', async () => {
    const sent = device.prepare({ path: device.own('/deployments') });
    expect((await device.send(sent)).status).toBe(200);
    expect((await device.send(sent)).status).toBe(200);
  });

  it('is told by another device’s signature nothing of a device', async () => {
    const before = await wfm.dump();
    const id = await wfm.deploy(await wfm.importPackage('0.1.0'), other, 'secret-name');
    const { deployments, bundle } = (await other.poll()).json as {
      deployments: { digest: string }[];
      bundle: { digest: string };
    };
    const theirs = `/api/v1/clients/${other.clientId}`;
    const paths = [
      `${theirs}/deployments`,
      `${theirs}/deployments/${id}/${deployments[0]?.digest}`,
      `${theirs}/bundles/${bundle.digest}`,
    ];
    for (const path of paths) {
      const answer = await device.ask({ path });
      expectProblem(answer, 401);
      expect(answer.text).not.toContain('secret-name');
    }
    // Nor below its own address, where its signature counts.
    expectProblem(await device.ask({ path: device.own(`/deployments/${id}/${deployments[0]?.digest}`) }), 404);
    expectProblem(await device.ask({ path: device.own(`/bundles/${bundle.digest}`) }), 404);
    const changed = await wfm.dump();
    expect(changed).not.toBe(before);
    for (const [method, path] of [
      ['POST', `${theirs}/deployments/${id}/status`],
      ['PUT', `${theirs}/capabilities`],
      ['DELETE', `${theirs}/capabilities/edge-1`],
    ] as const) {
      expectProblem(await device.ask({ method, path, body: method === 'DELETE' ? undefined : {} }), 401);
    }
    expect(await wfm.dump()).toBe(changed);
  });

  it('of a client that never onboarded is 404', async () => {
    expectProblem(await device.ask({ path: '/api/v1/clients/nobody/deployments' }), 404);
  });
});

describe('behind a proxy', () => {
  it('a signature counts for the public address, whatever Host the proxy sends', async () => {
    const publicUrl = 'https://wfm.example.com';
    await using proxied = await startWfm({ binding: `tls: off, publicUrl: "${publicUrl}"` });
    const outside = await (await proxied.device({ publicUrl })).onboard();
    for (const Host of ['wfm.example.com', '127.0.0.1:1', 'evil.example', 'WFM.example.com:443']) {
      expect((await outside.poll({ Host })).status).toBe(200);
    }
    const inside = await proxied.device();
    expectProblem(await inside.present(), 401);
  });

  it('without a public address the Host counts that the request has', async () => {
    const { headers = {}, ...sent } = device.prepare({ path: device.own('/deployments') });
    for (const Host of ['evil.example', 'evil.example/..', 'a b', '[::1']) {
      const answer = await device.send({ ...sent, headers: { ...headers, Host } });
      expect([400, 401]).toContain(answer.status);
    }
  });

  it('a Host header that comes twice is no way around', async () => {
    const { headers = {}, path } = device.prepare({ path: device.own('/deployments') });
    const { port, host } = new URL(wfm.host.url);
    const status = await new Promise<number | undefined>((resolve, reject) => {
      const sent = plainRequest({ host: '127.0.0.1', port, path, setHost: false });
      for (const [name, value] of Object.entries(headers)) sent.setHeader(name, value as string);
      sent.setHeader('Host', ['evil.example', host]);
      sent.on('response', (response) => resolve(response.resume().statusCode)).on('error', reject);
      sent.end();
    });
    expect(status).toBeGreaterThanOrEqual(400);
    expect(status).toBeLessThan(500);
  });
});
