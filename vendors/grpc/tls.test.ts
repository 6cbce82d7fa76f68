import { once } from 'node:events';
import { mkdtemp, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type ConnectionOptions, connect } from 'node:tls';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { call, nobody } from '../../core/client/index.js';
import {
  type CertificateAuthority,
  createAuthority,
  issueDeviceCertificate,
  issueServerCertificate,
  SigningKey,
} from '../../core/identity/index.js';
import { problems } from '../../core/plugin/index.js';
import { startTestHost, type TestHost } from '../../core/testing/host.js';
import { type GrpcLine, GrpcTransport } from '../../providers/transport/grpc/index.js';
import grpc from './index.js';
import { Toy, toyOperations, toyVendor } from './toy.js';

let directory: string;
const endings: (() => Promise<void>)[] = [];
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'tutti-grpc-tls-'));
});
afterEach(async () => {
  for (const end of endings.splice(0).reverse()) await end();
  await rm(directory, { recursive: true, force: true });
});

const at = (name: string): string => join(directory, name);

/** In place at once, as tools that renew certificates do it. */
async function put(name: string, content: string): Promise<string> {
  await writeFile(at(`.${name}`), content);
  await rename(at(`.${name}`), at(name));
  return at(name);
}

async function start(config: string): Promise<TestHost> {
  const host = await startTestHost({
    definitions: [toyVendor(new Toy()), grpc],
    dataDir: at('data'),
    profile: `profile: toys\nvendors: { toy: { type: vendor.toy } }\nbindings: { grpc: { type: binding.grpc, config: { port: 0, ${config} } } }`,
  });
  endings.push(() => host.stop());
  return host;
}

const portOf = (host: TestHost): number => Number(new URL(host.url).port);

/** One call over connections of its own. */
async function secret(host: TestHost, line: Omit<GrpcLine, 'url'> = {}): Promise<unknown> {
  const transport = new GrpcTransport({ url: `grpcs://localhost:${portOf(host)}`, ca: at('data/pki/ca.crt'), ...line });
  try {
    const { value } = (await call({ transport, prefix: '', credentials: nobody }, toyOperations.secret, {
      path: 'four',
    })) as { value: unknown };
    return value;
  } finally {
    await transport.close();
  }
}

/** What is spoken in the end, or why nothing is. */
async function handshake(host: TestHost, options: ConnectionOptions): Promise<string | null> {
  const ca = options.ca ?? (await readFile(at('data/pki/ca.crt')));
  const socket = connect({ port: portOf(host), host: 'localhost', ALPNProtocols: ['h2'], ...options, ca });
  await once(socket, 'secureConnect');
  const spoken = `${socket.getProtocol()} ${socket.alpnProtocol}`;
  socket.destroy();
  return spoken;
}

async function clientOf(ca: CertificateAuthority, name: string): Promise<Pick<GrpcLine, 'certificate' | 'key'>> {
  const key = SigningKey.generate();
  const { pem } = await issueDeviceCertificate(ca, { name, key: key.verificationKey, now: Date.now() });
  return { certificate: await put(`${name}.crt`, pem), key: await put(`${name}.key`, key.exportPem()) };
}

const authority = (commonName: string) => createAuthority({ commonName, now: Date.now() });

describe('TLS', () => {
  it('is 1.3 and HTTP/2 alone, unless the profile allows 1.2', async () => {
    const host = await start('');
    expect(await handshake(host, {})).toBe('TLSv1.3 h2');
    await expect(handshake(host, { maxVersion: 'TLSv1.2' })).rejects.toThrow(/protocol version/);
    await host.stop();
    const old = await start('minTls: "1.2"');
    expect(await handshake(old, { maxVersion: 'TLSv1.2' })).toBe('TLSv1.2 h2');
  });

  it('tells a caller that does not trust the host', async () => {
    const host = await start('');
    const other = await put('other.crt', (await authority('Another CA')).certificate.pem);
    await expect(secret(host, { ca: other })).rejects.toMatchObject({ name: 'TransportFault', reason: 'untrusted' });
    await expect(secret(host)).rejects.toMatchObject({ kind: problems.notAuthenticated });
  });

  it('takes a new certificate of the host up, and a new CA on the side of the caller', async () => {
    const install = async (): Promise<string> => {
      const ca = await authority('Plant CA');
      const key = SigningKey.generate();
      const { pem } = await issueServerCertificate(ca, { key: key.verificationKey, now: Date.now() });
      await put('tls.key', key.exportPem());
      await put('tls.crt', pem);
      return ca.certificate.pem;
    };
    await put('ca.crt', await install());
    const host = await start(`tls: files, certificate: "${at('tls.crt')}", key: "${at('tls.key')}"`);
    const transport = new GrpcTransport({ url: `grpcs://localhost:${portOf(host)}`, ca: at('ca.crt') });
    endings.push(() => transport.close());
    const ask = () =>
      call({ transport, prefix: '', credentials: nobody }, toyOperations.document, {}).then(
        ({ kind }) => kind,
        (error: { reason?: string }) => error.reason,
      );
    expect(await ask()).toBe('representation');
    const next = await install();
    await expect.poll(() => handshake(host, { ca: next }).catch(() => 'not yet')).toBe('TLSv1.3 h2');
    await put('ca.crt', next);
    await expect.poll(ask).toBe('representation');
    expect(await secret(host, { ca: at('ca.crt') }).catch((error: { kind?: unknown }) => error.kind)).toEqual(
      problems.notAuthenticated,
    );
  });
});

describe('mutual TLS', () => {
  it('shows operations a certificate that a client CA has signed, and no other', async () => {
    const ca = await authority('Client CA');
    const clientCa = await put('clients.crt', ca.certificate.pem);
    const host = await start(`clientCa: "${clientCa}"`);
    expect(await secret(host, await clientOf(ca, 'press-7'))).toBe(4);
    const stranger = await clientOf(await authority('Nobody'), 'stranger');
    await expect(secret(host, stranger)).rejects.toMatchObject({ kind: problems.notAuthenticated });
    await expect(secret(host)).rejects.toMatchObject({ kind: problems.notAuthenticated });
  });

  it('refuses connections without one where it is required', async () => {
    const ca = await authority('Client CA');
    const host = await start(`clientCa: "${await put('clients.crt', ca.certificate.pem)}", clientCertificate: require`);
    expect(await secret(host, await clientOf(ca, 'press-7'))).toBe(4);
    await expect(secret(host)).rejects.toMatchObject({ name: 'TransportFault', reason: 'unreachable' });
  });

  it('takes new client CAs up', async () => {
    const host = await start(`clientCa: "${await put('clients.crt', (await authority('Old')).certificate.pem)}"`);
    const ca = await authority('New');
    const client = await clientOf(ca, 'press-7');
    await put('clients.crt', ca.certificate.pem);
    await expect.poll(() => secret(host, client).catch(() => 'not yet')).toBe(4);
  });

  it.each([
    ['tls: off, clientCa: x.pem', 'client certificates need TLS'],
    ['clientCertificate: require', 'needs clientCa'],
    ['tls: off, host: 0.0.0.0', 'without TLS only loopback addresses'],
    ['tls: files', 'certificate and key go with tls: files'],
  ])('is not taken where it makes no sense: %s', async (config, fault) => {
    await expect(start(config)).rejects.toThrow(fault);
  });
});
