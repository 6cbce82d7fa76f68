import { once } from 'node:events';
import { mkdtemp, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { Agent, type RequestOptions, request } from 'node:https';
import { type AddressInfo, connect as connectPlain, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connect, type PeerCertificate, type TLSSocket } from 'node:tls';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import {
  type CertificateAuthority,
  createAuthority,
  issueServerCertificate,
  SigningKey,
} from '../../core/identity/index.js';
import { anyone, defineOperation, defineVendor, ok, serve, z } from '../../core/plugin/index.js';
import { startTestHost, type TestHost } from '../../core/testing/host.js';
import http from './index.js';

const hello = defineOperation({
  id: 'toy.hello',
  summary: 'Says hello',
  input: z.strictObject({}),
  output: { kind: 'value', schema: z.unknown() },
  problems: [],
  access: anyone,
  idempotency: 'safe',
  http: { method: 'GET', path: '/hello' },
});
const toy = defineVendor({
  type: 'vendor.toy',
  version: '1.0.0',
  create: () => ({ operations: [serve(hello, () => ok('hello'))] }),
});

let directory: string;
const hosts: TestHost[] = [];
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'tutti-tls-'));
});
afterEach(async () => {
  for (const host of hosts.splice(0)) await host.stop();
  await rm(directory, { recursive: true, force: true });
});

async function start(config: string): Promise<TestHost> {
  const host = await startTestHost({
    definitions: [toy, http],
    dataDir: join(directory, 'data'),
    profile: `profile: toys\nvendors: { toy: { type: vendor.toy } }\nbindings: { http: { type: binding.http, config: { ${config} } } }`,
  });
  hosts.push(host);
  return host;
}

const portOf = (host: TestHost): number => Number(new URL(host.url).port);
const caOf = (host: TestHost): Promise<string> => readFile(join(host.dataDir, 'pki', 'ca.crt'), 'utf8');
const messages = (host: TestHost, level: string): string[] =>
  host
    .log()
    .split('\n')
    .filter((line) => line.includes(`"level":"${level}"`));

interface Said {
  readonly body: string;
  readonly protocol: string | null;
  readonly certificate: PeerCertificate;
  readonly socket: TLSSocket;
}

/** A request whose connection must be trusted. */
async function get(host: TestHost, options: RequestOptions): Promise<Said> {
  const sent = request({ host: '127.0.0.1', port: portOf(host), path: '/hello', agent: false, ...options }).end();
  const [response] = await once(sent, 'response');
  // The response lets go of it when it is read.
  const socket = response.socket as TLSSocket;
  const seen = { socket, protocol: socket.getProtocol(), certificate: socket.getPeerCertificate() };
  let body = '';
  for await (const chunk of response) body += String(chunk);
  return { ...seen, body };
}

describe('tls: auto', () => {
  it('is trusted by who has pki/ca.crt and nothing else, by each of its names, over TLS 1.3', async () => {
    const host = await start('port: 0, hosts: [wfm.plant.example, 10.1.2.3], publicUrl: "https://fleet.example/tutti"');
    const ca = await caOf(host);
    for (const name of ['localhost', 'wfm.plant.example', 'fleet.example']) {
      expect(await get(host, { ca, servername: name })).toMatchObject({ body: '"hello"', protocol: 'TLSv1.3' });
    }
    const { certificate } = await get(host, { ca });
    expect(certificate.subjectaltname?.split(', ')).toEqual(
      expect.arrayContaining(['IP Address:127.0.0.1', 'IP Address:10.1.2.3', 'DNS:fleet.example']),
    );
    await expect(get(host, { ca, servername: 'other.example' })).rejects.toThrow(/altnames/);
    await expect(get(host, {})).rejects.toThrow(/certificate|issuer/);
  });

  it('refuses TLS 1.2 unless the profile allows it', async () => {
    const host = await start('port: 0');
    const ca = await caOf(host);
    await expect(get(host, { ca, maxVersion: 'TLSv1.2' })).rejects.toThrow(/protocol version/);
    expect((await get(host, { ca })).body).toBe('"hello"');
    await host.stop();
    const old = await start('port: 0, minTls: "1.2"');
    expect((await get(old, { ca, maxVersion: 'TLSv1.2' })).protocol).toBe('TLSv1.2');
    expect((await get(old, { ca })).protocol).toBe('TLSv1.3');
    await expect(get(old, { ca, maxVersion: 'TLSv1.1', minVersion: 'TLSv1' })).rejects.toThrow();
  });

  it('closes the connection of who speaks plain HTTP, or anything else, and goes on', async () => {
    const host = await start('port: 0');
    for (const text of ['GET /hello HTTP/1.1\r\nHost: localhost\r\n\r\n', '\u0000\u0001nonsense\r\n\r\n']) {
      const socket = connectPlain(portOf(host), '127.0.0.1', () => socket.write(text));
      // An error, such as a reset, would reject.
      socket.resume();
      await once(socket, 'close');
    }
    expect((await get(host, { ca: await caOf(host) })).body).toBe('"hello"');
    expect(messages(host, 'error')).toEqual([]);
  });
});

describe('tls: files', () => {
  let ca: CertificateAuthority;
  beforeEach(async () => {
    ca = await createAuthority({ commonName: 'Plant CA', now: Date.now() });
  });

  /** In place at once, as tools that renew certificates do it. */
  async function put(name: string, content: string): Promise<void> {
    await writeFile(join(directory, `.${name}`), content);
    await rename(join(directory, `.${name}`), join(directory, name));
  }
  async function issue(key: SigningKey): Promise<string> {
    return (await issueServerCertificate(ca, { key: key.verificationKey, now: Date.now() })).pem;
  }
  const config = (): string =>
    `port: 0, tls: files, certificate: "${join(directory, 'tls.crt')}", key: "${join(directory, 'tls.key')}"`;

  it('takes a new certificate up for new connections, while those that are open go on', async () => {
    const key = SigningKey.generate();
    await put('tls.key', key.exportPem());
    await put('tls.crt', await issue(key));
    const host = await start(config());
    const trusted = { ca: ca.certificate.pem };
    const agent = new Agent({ keepAlive: true, maxSockets: 1, ...trusted });
    const first = await get(host, { agent });
    await put('tls.crt', await issue(key));
    await expect
      .poll(async () => (await get(host, trusted)).certificate.serialNumber)
      .not.toBe(first.certificate.serialNumber);
    const again = await get(host, { agent });
    expect(again.socket).toBe(first.socket);
    expect(again.certificate.serialNumber).toBe(first.certificate.serialNumber);
    agent.destroy();
    expect(host.log()).toContain('the server certificate was replaced');
  });

  it('keeps the one it has when the new one is damaged, and says so', async () => {
    const key = SigningKey.generate();
    await put('tls.key', key.exportPem());
    await put('tls.crt', await issue(key));
    const host = await start(config());
    const trusted = { ca: ca.certificate.pem };
    const { certificate } = await get(host, trusted);
    const serial = async (): Promise<string> => (await get(host, trusted)).certificate.serialNumber;
    for (const damaged of ['', 'damaged', await issue(SigningKey.generate())]) {
      const before = messages(host, 'warn').length;
      await put('tls.crt', damaged);
      await expect.poll(() => messages(host, 'warn').length).toBeGreaterThan(before);
      expect(messages(host, 'warn').at(-1)).toMatch(/cannot be used; those before stay.*tls\.crt/);
      expect(await serial()).toBe(certificate.serialNumber);
    }
    await put('tls.crt', await issue(key));
    await expect.poll(serial).not.toBe(certificate.serialNumber);
    expect(host.log()).not.toContain('PRIVATE KEY');
  });

  it('does not start without its files, or with ones that do not fit', async () => {
    await expect(start(config())).rejects.toThrow(/http: .*tls\.crt: does not exist/);
    const key = SigningKey.generate();
    await put('tls.crt', await issue(key));
    await put('tls.key', SigningKey.generate().exportPem());
    await expect(start(config())).rejects.toThrow(/tls\.crt: does not belong to the private key beside it/);
  });
});

describe('a binding that cannot listen', () => {
  it.each(['0.0.0.0', '::', '192.0.2.1', 'wfm.example', '127.evil.example'])(
    'without TLS on %s is a fault of the profile',
    async (address) => {
      const started = start(`port: 0, tls: off, host: "${address}"`);
      await expect(started).rejects.toMatchObject({ name: 'ProfileError' });
      await expect(started).rejects.toThrow(/without TLS only loopback addresses may be listened on/);
    },
  );

  it.each(['127.0.0.1', 'localhost', '127.0.0.2'])('without TLS on %s is fine', async (address) => {
    const host = await start(`port: 0, tls: off, host: "${address}"`);
    expect(await (await fetch(`${host.url}/hello`)).json()).toBe('hello');
  });

  it.each(['tls: files', 'tls: auto, certificate: a, key: b', 'tls: files, key: b'])(
    'with %s is one too',
    async (tls) => {
      await expect(start(`port: 0, ${tls}`)).rejects.toThrow(
        /certificate and key go with tls: files, and only with it/,
      );
    },
  );

  it('says that the port is taken, or the address not of this machine', async () => {
    const other = createServer().listen(0, '127.0.0.1');
    await once(other, 'listening');
    const { port } = other.address() as AddressInfo;
    await expect(start(`port: ${port}`)).rejects.toThrow(`http: port ${port} of 127.0.0.1 is taken by another program`);
    other.close();
    await expect(start('port: 0, host: 192.0.2.1')).rejects.toThrow('192.0.2.1 is no address of this machine');
    await expect(start('port: 0, host: nowhere.invalid')).rejects.toThrow(/nowhere\.invalid/);
  });
});

it.each(['tls: off', 'tls: auto'])('drains with %s although connections say nothing', async (tls) => {
  const host = await start(`port: 0, ${tls}`);
  const silent = connectPlain(portOf(host), '127.0.0.1').on('error', () => undefined);
  await once(silent, 'connect');
  if (tls === 'tls: auto') {
    const secured = connect({ port: portOf(host), host: '127.0.0.1', ca: await caOf(host) }).on(
      'error',
      () => undefined,
    );
    await once(secured, 'secureConnect');
  }
  await host.stop();
  expect(host.log()).not.toContain('did not drain');
});

it('waits for no handshake for ever, nor for a request after it', async () => {
  const host = await start('port: 0, headersTimeout: 1, idleTimeout: 1');
  const socket = connectPlain(portOf(host), '127.0.0.1').resume();
  await once(socket, 'close');
  const other = connect({ port: portOf(host), host: '127.0.0.1', ca: await caOf(host) });
  await once(other, 'secureConnect');
  await once(other.resume(), 'close');
});
