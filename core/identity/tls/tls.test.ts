import { once } from 'node:events';
import { chmod, mkdtemp, readdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connect, createServer } from 'node:tls';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { issueServerCertificate, parseCertificate } from '../certificate/index.js';
import { SigningKey } from '../key/index.js';
import { ensureDeviceCa } from './authority-files.js';
import { IdentityFileFault } from './files.js';
import {
  configuredIdentity,
  developmentIdentity,
  type ServerIdentity,
  type ServerMaterial,
} from './server-identity.js';

const day = 86_400_000;
const start = Date.now();
let directory: string;
let now = start;
let stop: AbortController;

beforeEach(async () => {
  directory = join(await mkdtemp(join(tmpdir(), 'identity-')), 'pki');
  now = start;
  stop = new AbortController();
});
afterEach(async () => {
  stop.abort();
  await rm(join(directory, '..'), { recursive: true, force: true });
});

const at = (name: string): string => join(directory, name);
const development = (hosts: readonly string[] = []): ServerIdentity =>
  developmentIdentity({ directory, hosts, now: () => now });
const modeOf = async (file: string): Promise<string> => ((await stat(file)).mode & 0o777).toString(8);

/** What a watch tells, one thing after another. */
function told(identity: ServerIdentity): () => Promise<ServerMaterial | Error> {
  const news: (ServerMaterial | Error)[] = [];
  let wake: () => void = () => undefined;
  const tell = (one: ServerMaterial | Error): void => {
    news.push(one);
    wake();
  };
  identity.watch(tell, stop.signal, (fault) => tell(fault instanceof Error ? fault : new Error(String(fault))));
  return async () => {
    for (;;) {
      const one = news.shift();
      if (one !== undefined) return one;
      await new Promise<void>((resolve) => {
        wake = resolve;
      });
    }
  };
}

describe('developmentIdentity', () => {
  it('makes all files on first use, for their owner alone, and leaves nothing else', async () => {
    const { certificate } = await development().material();
    expect((await readdir(directory)).sort()).toEqual(['ca.crt', 'ca.key', 'server.crt', 'server.key']);
    expect(await modeOf(directory)).toBe('700');
    expect(await Promise.all(['ca.key', 'server.key'].map((name) => modeOf(at(name))))).toEqual(['600', '600']);
    expect(certificate.issuer).toMatch(/^CN=Tutti development CA [0-9a-f]{8}$/);
  });

  it('has one certificate for servers that are reached under different hosts', async () => {
    const [one, other] = [development(['10.1.2.3']), development(['press.example'])];
    await one.material();
    const { cert } = await other.material();
    expect((await one.material()).cert).toBe(cert);
    expect((await other.material()).cert).toBe(cert);
  });

  it('serves TLS 1.3 that a client with the CA accepts', async () => {
    const identity = development();
    const { cert, key } = await identity.material();
    const server = createServer({ cert, key, minVersion: 'TLSv1.3' }, (socket) => socket.end('hello'));
    await once(server.listen(0, '127.0.0.1'), 'listening');
    const { port } = server.address() as AddressInfo;
    const ca = await readFile(identity.caFile ?? '', 'utf8');
    const socket = connect({ port, host: '127.0.0.1', ca });
    const [data] = await once(socket, 'data');
    expect(String(data)).toBe('hello');
    socket.destroy();
    server.close();
  });

  it('keeps what it made', async () => {
    const first = await development(['wfm.example.com']).material();
    const second = await development(['WFM.example.com']).material();
    expect(second.cert).toBe(first.cert);
    expect(second.key).toBe(first.key);
  });

  it('makes a new certificate for the same key near its end, or for another host', async () => {
    const first = await development().material();
    const renamed = await development(['wfm.example.com', '10.0.0.7']).material();
    expect(renamed.certificate.x509.checkIP('10.0.0.7')).toBe('10.0.0.7');
    expect(renamed.certificate.key.thumbprint).toBe(first.certificate.key.thumbprint);
    now = renamed.certificate.notAfter.getTime() - 29 * day;
    const renewed = await development(['wfm.example.com']).material();
    expect(renewed.certificate.notAfter.getTime()).toBeGreaterThan(now + 300 * day);
    const again = await development(['wfm.example.com']).material();
    expect(again.cert).toBe(renewed.cert);
  });

  it('makes a new certificate under a new CA', async () => {
    await development().material();
    const other = join(directory, '..', 'other');
    await developmentIdentity({ directory: other, now: () => now }).material();
    for (const name of ['ca.crt', 'ca.key']) await rename(join(other, name), at(name));
    const { certificate } = await development().material();
    const { x509 } = parseCertificate(await readFile(at('ca.crt')));
    expect(certificate.x509.verify(x509.publicKey)).toBe(true);
  });

  it('gets on after a crash between any two files', async () => {
    const { certificate } = await development().material();
    await rm(at('ca.crt'));
    expect((await development().material()).certificate.issuer).toBe(certificate.issuer);
    await rm(at('server.crt'));
    expect((await development().material()).certificate.key.thumbprint).toBe(certificate.key.thumbprint);
    await rm(at('server.key'));
    const { key, certificate: made } = await development().material();
    expect(SigningKey.fromPem(key).thumbprint).toBe(made.key.thumbprint);
  });

  it('of several processes that start at once all use one CA and one key', async () => {
    const all = await Promise.all(Array.from({ length: 8 }, () => development().material()));
    expect(new Set(all.map((one) => one.key)).size).toBe(1);
    expect(new Set(all.map((one) => one.certificate.issuer)).size).toBe(1);
  });

  it('names a damaged file, and shows nothing of it', async () => {
    await development().material();
    for (const name of ['server.key', 'server.crt', 'ca.crt', 'ca.key']) {
      const good = await readFile(at(name), 'utf8');
      await writeFile(at(name), `${good.slice(0, 90)} damaged`);
      // The CA's key is only looked at when something is to be signed.
      const damaged = development(name === 'ca.key' ? ['other.example.com'] : []).material();
      const fault = await damaged.then(
        () => undefined,
        (error: unknown) => error,
      );
      expect(fault, name).toBeInstanceOf(IdentityFileFault);
      expect(String(fault)).toContain(`${at(name)}: is no usable`);
      expect(String(fault)).not.toContain(good.slice(30, 80).split('\n')[1]);
      await writeFile(at(name), good);
    }
    await rm(at('ca.key'));
    await expect(development(['x']).material()).rejects.toThrow(`${at('ca.key')}: is missing`);
  });

  it('closes a directory that was open', async () => {
    await development().material();
    await chmod(directory, 0o755);
    await development().material();
    expect(await modeOf(directory)).toBe('700');
  });
});

describe('configuredIdentity', () => {
  const configured = (): ServerIdentity =>
    configuredIdentity({ certificate: at('tls.crt'), key: at('tls.key'), ca: at('ca.crt') });

  async function put(name: string, content: string): Promise<void> {
    await writeFile(at(`.${name}`), content);
    await rename(at(`.${name}`), at(name));
  }

  async function prepared(): Promise<() => Promise<{ cert: string; key: string }>> {
    const ca = await ensureDeviceCa(directory, now);
    const make = async (): Promise<{ cert: string; key: string }> => {
      const key = SigningKey.generate();
      const issued = await issueServerCertificate(ca, { key: key.verificationKey, now });
      return { cert: issued.pem + ca.certificate.pem, key: key.exportPem() };
    };
    const { cert, key } = await make();
    await put('tls.crt', cert);
    await put('tls.key', key);
    return make;
  }

  it('reads certificate, intermediates and key, and names what is missing or does not fit', async () => {
    await prepared();
    const { cert, certificate } = await configured().material();
    expect(cert.match(/BEGIN CERTIFICATE/g)).toHaveLength(2);
    expect(certificate.commonName).toBe('localhost');
    await put('tls.key', SigningKey.generate().exportPem());
    await expect(configured().material()).rejects.toThrow(
      `${at('tls.crt')}: does not belong to the private key beside it`,
    );
    await rm(at('tls.key'));
    await expect(configured().material()).rejects.toThrow(`${at('tls.key')}: does not exist`);
  });

  it('tells of a new certificate, of the fault while only half of it is there, and of none for other files', async () => {
    const make = await prepared();
    const identity = configured();
    const first = await identity.material();
    const next = told(identity);
    await put('other.txt', 'x');
    const { cert, key } = await make();
    await put('tls.crt', cert);
    expect(String(await next())).toContain('does not belong to the private key');
    await put('tls.key', key);
    // A directory tells of one file several times, and each time the same may be wrong.
    let news = await next();
    while (String(news).includes('does not belong to the private key')) news = await next();
    expect(news).toMatchObject({ cert });
    expect(cert).not.toBe(first.cert);
  });

  it('tells of what changed before the watch began', async () => {
    const make = await prepared();
    const identity = configured();
    await identity.material();
    const { cert, key } = await make();
    await put('tls.crt', cert);
    await put('tls.key', key);
    expect(await told(identity)()).toMatchObject({ cert });
  });

  it('is quiet after the signal', async () => {
    const make = await prepared();
    const identity = configured();
    await identity.material();
    const changes: ServerMaterial[] = [];
    stop.abort();
    identity.watch(
      (one) => changes.push(one),
      stop.signal,
      (fault) => expect.unreachable(String(fault)),
    );
    await put('tls.crt', (await make()).cert);
    expect(changes).toEqual([]);
  });
});

describe('ensureDeviceCa', () => {
  it('makes a CA once', async () => {
    const first = await ensureDeviceCa(directory, now);
    const second = await ensureDeviceCa(directory, now);
    expect(second.certificate.fingerprint256).toBe(first.certificate.fingerprint256);
    expect((await readdir(directory)).sort()).toEqual(['device-ca.crt', 'device-ca.key']);
    expect(await modeOf(at('device-ca.key'))).toBe('600');
    await expect(ensureDeviceCa(directory, now + 4000 * day)).rejects.toThrow('has expired');
  });
});
