import { once } from 'node:events';
import { mkdtemp, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { request } from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { json, text } from 'node:stream/consumers';
import { connect } from 'node:tls';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import {
  type CertificateAuthority,
  createAuthority,
  issueDeviceCertificate,
  issueServerCertificate,
  SigningKey,
} from '../../core/identity/index.js';
import { anyone, defineOperation, defineVendor, ok, serve, z } from '../../core/plugin/index.js';
import { startTestHost, type TestHost } from '../../core/testing/host.js';
import http from './index.js';

const who = defineOperation({
  id: 'toy.who',
  summary: 'Tells what the caller has shown',
  input: z.object({}),
  output: { kind: 'value', schema: z.unknown() },
  problems: [],
  access: anyone,
  idempotency: 'safe',
  http: { method: 'GET', path: '/who' },
});
const toy = defineVendor({
  type: 'vendor.toy',
  version: '1.0.0',
  create: () => ({
    operations: [
      serve(who, ({ evidence: { clientCertificate } }) =>
        ok(clientCertificate === undefined ? 'nobody' : Buffer.from(clientCertificate).toString('base64')),
      ),
    ],
  }),
});

interface Shown {
  readonly cert: string;
  readonly key: string;
}

let directory: string;
let host: TestHost | undefined;
let plant: CertificateAuthority;
let other: CertificateAuthority;
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'tutti-clients-'));
  plant = await createAuthority({ commonName: 'Plant CA', now: Date.now() });
  other = await createAuthority({ commonName: 'Other CA', now: Date.now() });
  await writeFile(join(directory, 'clients.crt'), plant.certificate.pem);
});
afterEach(async () => {
  await host?.stop();
  host = undefined;
  await rm(directory, { recursive: true, force: true });
});

async function start(config: string): Promise<TestHost> {
  host = await startTestHost({
    definitions: [toy, http],
    profile: `profile: toys\nvendors: { toy: { type: vendor.toy } }\nbindings: { http: { type: binding.http, config: { port: 0, ${config} } } }`,
  });
  return host;
}
const asking = (how: string): string => `clientCertificate: ${how}, clientCa: "${join(directory, 'clients.crt')}"`;

async function issue(ca: CertificateAuthority): Promise<Shown> {
  const key = SigningKey.generate();
  const { pem } = await issueDeviceCertificate(ca, { name: 'press-7', key: key.verificationKey, now: Date.now() });
  return { cert: pem, key: key.exportPem() };
}

async function ask({ url, dataDir }: TestHost, shown: Partial<Shown>): Promise<unknown> {
  const ca = await readFile(join(dataDir, 'pki', 'ca.crt'), 'utf8');
  const sent = request(`${url}/who`, { agent: false, ca, ...shown }).end();
  const [response] = await once(sent, 'response');
  return json(response);
}

/** Asks again and again, each time in a session that the connection before left behind. */
async function talker({ url, dataDir }: TestHost, shown: Partial<Shown>) {
  const ca = await readFile(join(dataDir, 'pki', 'ca.crt'), 'utf8');
  const port = Number(new URL(url).port);
  let session: Buffer | undefined;
  return async (): Promise<{ readonly reused: boolean; readonly said: string | undefined }> => {
    const socket = connect({ port, host: '127.0.0.1', ca, ...shown, ...(session && { session }) });
    socket.on('session', (ticket) => {
      session = ticket;
    });
    await once(socket, 'secureConnect');
    const reused = socket.isSessionReused();
    socket.write('GET /who HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n');
    return { reused, said: (await text(socket)).split('\r\n\r\n')[1] };
  };
}

const derOf = ({ cert }: Shown): string => cert.replaceAll(/-----[^-]+-----|\s/g, '');

describe('clientCertificate: request', () => {
  it('shows operations the certificates that it could verify, and no others', async () => {
    const running = await start(asking('request'));
    const mine = await issue(plant);
    expect(await ask(running, mine)).toBe(derOf(mine));
    expect(await ask(running, {})).toBe('nobody');
    expect(await ask(running, await issue(other))).toBe('nobody');
    const key = SigningKey.generate();
    const { pem } = await issueServerCertificate(plant, { key: key.verificationKey, now: Date.now() });
    expect(await ask(running, { cert: pem, key: key.exportPem() })).toBe('nobody');
  });

  it.each(['without a certificate', 'with one of another CA'])(
    'is not misled by a resumed session %s',
    async (what) => {
      const running = await start(asking('request'));
      const talk = await talker(running, what === 'without a certificate' ? {} : await issue(other));
      expect(await talk()).toEqual({ reused: false, said: '"nobody"' });
      expect(await talk()).toEqual({ reused: true, said: '"nobody"' });
    },
  );
});

it('clientCertificate: require lets nobody in without a certificate of the CA', async () => {
  const running = await start(asking('require'));
  const mine = await issue(plant);
  expect(await ask(running, mine)).toBe(derOf(mine));
  await expect(ask(running, {})).rejects.toThrow();
  await expect(ask(running, await issue(other))).rejects.toThrow();
});

it('clientCertificate: none looks at no certificate', async () => {
  expect(await ask(await start('tls: auto'), await issue(plant))).toBe('nobody');
});

it('takes up other CAs of clients as their file changes, and keeps those that it has when it is damaged', async () => {
  const running = await start(asking('request'));
  const put = async (text: string): Promise<void> => {
    await writeFile(join(directory, '.new'), text);
    await rename(join(directory, '.new'), join(directory, 'clients.crt'));
  };
  const [before, after] = [await issue(plant), await issue(other)];
  const talk = await talker(running, before);
  expect((await talk()).said).toContain(derOf(before));
  expect(await ask(running, after)).toBe('nobody');
  await put('');
  await expect.poll(() => running.log()).toMatch(/cannot be used; those before stay.*clients\.crt/);
  expect(await ask(running, before)).toBe(derOf(before));
  await put(other.certificate.pem);
  await expect.poll(() => ask(running, after)).toBe(derOf(after));
  expect(await ask(running, before)).toBe('nobody');
  expect((await talk()).said).toBe('"nobody"');
  expect(running.log()).toContain('the CAs of clients were replaced');
  await put(plant.certificate.pem + other.certificate.pem);
  await expect.poll(() => ask(running, before)).toBe(derOf(before));
  expect(await ask(running, after)).toBe(derOf(after));
});

it.each([
  ['clientCertificate: request', /needs clientCa/],
  ['tls: off, clientCertificate: require, clientCa: a.crt', /client certificates need TLS/],
  ['clientCertificate: require, clientCa: /nowhere/a.crt', /\/nowhere\/a\.crt: does not exist/],
])('does not start with %s', async (config, fault) => {
  await expect(start(config)).rejects.toThrow(fault);
});
