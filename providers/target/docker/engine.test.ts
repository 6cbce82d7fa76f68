import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer, type RequestListener, type Server } from 'node:http';
import { createServer as createSecureServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { type ManualClock, manualClock } from '../../../core/testing/index.js';
import { type ServerCertificate, selfSigned } from '../../../test/parts/certificate.js';
import { Engine } from './engine.js';
import { enginePlace } from './engine-place.js';

const info: RequestListener = (_request, response) => {
  response.setHeader('content-type', 'application/json').end('{"Name":"press-7"}');
};
let answer: RequestListener;
let server: Server;
let port: number;
let clock: ManualClock;
beforeEach(() => {
  clock = manualClock();
});

async function listening(on: Server): Promise<void> {
  server = on.listen(0, '127.0.0.1');
  await once(server, 'listening');
  port = (server.address() as AddressInfo).port;
}
afterEach(async () => {
  server.closeAllConnections();
  if (server.listening) await new Promise((resolve) => server.close(resolve));
});

function engineAt(certificates?: string): Engine {
  const place = { address: `tcp://127.0.0.1:${port}`, ...(certificates !== undefined && { certificates }) };
  return new Engine({ place, owner: 'me', timeout: 60_000, clock });
}
const asked = (engine: Engine): Promise<unknown> => engine.call((client) => client.info());

describe('an engine', () => {
  let received: Promise<unknown>;
  beforeEach(async () => {
    await listening(createServer((request, response) => answer(request, response)));
    received = once(server, 'request');
  });

  it.each<[string, RequestListener, RegExp]>([
    ['ends the connection', (request) => request.socket.destroy(), /does not answer: /],
    ['resets the connection', (request) => request.socket.resetAndDestroy(), /does not answer: .*ECONNRESET/],
    ['is silent', () => undefined, /does not answer: no whole answer within 60 s/],
    [
      'breaks off in the middle of its answer',
      (_request, response) => {
        response.writeHead(200, { 'content-length': 100 }).write('{"Name":');
        setImmediate(() => response.destroy());
      },
      /does not answer: no whole answer within 60 s/,
    ],
  ])('that %s is degraded, says where it is, and is well when it answers again', async (_what, disturbed, message) => {
    answer = disturbed;
    const engine = engineAt();
    const refused = expect(asked(engine)).rejects.toMatchObject({
      code: 'platform',
      retry: true,
      message: expect.stringMatching(message),
    });
    await received;
    if (message.source.includes('60 s')) await clock.advance(60_000);
    await refused;
    const reason = expect.stringMatching(`^the Docker engine at tcp://127\\.0\\.0\\.1:${port} does not answer: `);
    expect(engine.health()).toEqual({ status: 'degraded', reason });
    answer = info;
    await expect(asked(engine)).resolves.toEqual({ Name: 'press-7' });
    expect(engine.health()).toEqual({ status: 'ok' });
  });

  it('that nobody listens for is degraded', async () => {
    await new Promise((resolve) => server.close(resolve));
    const engine = engineAt();
    await expect(asked(engine)).rejects.toMatchObject({ code: 'platform', retry: true });
    expect(engine.health()).toMatchObject({ status: 'degraded', reason: expect.stringContaining('ECONNREFUSED') });
  });

  it.each([
    [500, true],
    [400, false],
  ])('that refuses with %i answers all the same', async (status, retry) => {
    answer = (_request, response) => {
      response.writeHead(status, { 'content-type': 'application/json' }).end('{"message":"no room"}');
    };
    const engine = engineAt();
    const message = expect.stringMatching(/^the Docker engine refused: .*no room/);
    await expect(asked(engine)).rejects.toMatchObject({ code: 'platform', retry, message });
    expect(engine.health()).toEqual({ status: 'ok' });
  });
});

describe('an engine with TLS', () => {
  let directory: string;
  let own: ServerCertificate;
  let foreign: ServerCertificate;
  beforeEach(async () => {
    directory = await mkdtemp(join(tmpdir(), 'tutti-engine-'));
    [own, foreign] = await Promise.all([selfSigned(['127.0.0.1']), selfSigned(['127.0.0.1'])]);
    const { ca, certificate: cert, key } = own;
    await listening(createSecureServer({ ca, cert, key, requestCert: true, rejectUnauthorized: true }, info));
  });
  afterEach(() => rm(directory, { recursive: true, force: true }));

  const certificates = async (trusted: ServerCertificate, shown: ServerCertificate): Promise<string> => {
    await writeFile(join(directory, 'ca.pem'), trusted.ca);
    await writeFile(join(directory, 'cert.pem'), shown.certificate);
    await writeFile(join(directory, 'key.pem'), shown.key);
    return directory;
  };

  it('is asked with the certificates of the folder, as they are now', async () => {
    const engine = engineAt(await certificates(own, foreign));
    await expect(asked(engine)).rejects.toMatchObject({ code: 'platform', retry: true });
    expect(engine.health()).toMatchObject({ status: 'degraded' });
    await certificates(own, own);
    await expect(asked(engine)).resolves.toEqual({ Name: 'press-7' });
  });

  it('is not asked anything when its certificate is of another authority', async () => {
    const engine = engineAt(await certificates(foreign, own));
    const message = expect.stringMatching(/does not answer: .*certificate/);
    await expect(asked(engine)).rejects.toMatchObject({ code: 'platform', retry: true, message });
  });

  it('is not asked without TLS', async () => {
    await expect(asked(engineAt())).rejects.toMatchObject({ code: 'platform', retry: true });
  });

  it('cannot be asked without the certificates', async () => {
    const message = expect.stringMatching(/no such file.*\.pem/);
    await expect(asked(engineAt(directory))).rejects.toMatchObject({ code: 'platform', retry: true, message });
  });
});

describe('where the engine is', () => {
  beforeEach(() => listening(createServer(info)));
  afterEach(() => vi.unstubAllEnvs());
  const resolved = (path: string): string => `/profile/${path}`;

  it.each([
    [{ socket: 'docker.sock' }, { DOCKER_HOST: 'tcp://other:1' }, { address: 'unix:///profile/docker.sock' }],
    [
      { host: 'tcp://press:2376', certificates: 'pki' },
      {},
      { address: 'tcp://press:2376', certificates: '/profile/pki' },
    ],
    [{}, {}, { address: 'unix:///var/run/docker.sock' }],
    [{}, { DOCKER_HOST: 'tcp://other:1', DOCKER_CERT_PATH: '/c' }, { address: 'tcp://other:1' }],
    [
      {},
      { DOCKER_HOST: 'tcp://other:1', DOCKER_TLS_VERIFY: '1', DOCKER_CERT_PATH: '/c' },
      { address: 'tcp://other:1', certificates: '/c' },
    ],
  ])('is what the profile says, else the environment: %j %j', (config, environment, place) => {
    expect(enginePlace(config, resolved, environment)).toEqual(place);
  });

  it('is not what the environment says when the profile says otherwise', async () => {
    vi.stubEnv('DOCKER_HOST', 'tcp://127.0.0.1:1');
    vi.stubEnv('DOCKER_TLS_VERIFY', '1');
    await expect(asked(engineAt())).resolves.toEqual({ Name: 'press-7' });
  });
});
