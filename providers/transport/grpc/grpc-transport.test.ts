import { once } from 'node:events';
import { createServer as createHttp2 } from 'node:http2';
import { type AddressInfo, connect, createServer, type Server as NetServer, type Socket } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { call, clientOf, nobody } from '../../../core/client/index.js';
import { startTestHost } from '../../../core/testing/host.js';
import grpc from '../../../vendors/grpc/index.js';
import { Toy, toyOperations, toyVendor } from '../../../vendors/grpc/toy.js';
import { config } from './settings.js';
import { GrpcTransport } from './transport.js';

const endings: (() => Promise<void> | void)[] = [];
afterEach(async () => {
  for (const end of endings.splice(0).reverse()) await end();
});

function line(port: number) {
  const transport = new GrpcTransport({ url: `grpc://127.0.0.1:${port}` });
  endings.push(() => transport.close());
  return { transport, prefix: '/toys', credentials: nobody };
}

async function listening(server: NetServer): Promise<number> {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  endings.push(() => void server.close());
  return (server.address() as AddressInfo).port;
}

async function toyHost(toy: Toy): Promise<number> {
  const host = await startTestHost({
    definitions: [toyVendor(toy), grpc],
    profile: `
profile: toys
vendors: { toy: { type: vendor.toy, path: /toys } }
bindings: { grpc: { type: binding.grpc, config: { tls: off, port: 0 } } }`,
  });
  endings.push(() => host.stop());
  return Number(new URL(host.url).port);
}

/** A proxy that can break its connections. */
async function proxyTo(port: number) {
  const open = new Set<Socket>();
  const server = createServer((near) => {
    const far = connect({ port, host: '127.0.0.1' });
    near.pipe(far).pipe(near);
    for (const socket of [near, far]) {
      open.add(socket);
      socket.on('error', () => socket.destroy()).on('close', () => open.delete(socket));
    }
  });
  const cut = (): void => {
    for (const socket of open) socket.destroy();
  };
  endings.push(cut);
  return { port: await listening(server), cut };
}

describe('a line that breaks before the answer', () => {
  it('is opened again for a call that may be made again, once', async () => {
    const toy = new Toy();
    const proxy = await proxyTo(await toyHost(toy));
    const answer = clientOf(toyOperations, line(proxy.port)).wait({});
    await toy.until(({ waiting }) => waiting.length === 1);
    proxy.cut();
    await toy.until(({ waiting }) => waiting.length === 2);
    toy.waiting[1]?.letGo();
    expect(await answer).toEqual({ ended: 'well' });
  });

  it('is not, for a call that has its effect each time; the caller is told', async () => {
    const toy = new Toy();
    const proxy = await proxyTo(await toyHost(toy));
    const answer = clientOf(toyOperations, line(proxy.port)).hold({});
    const fault = expect(answer).rejects.toMatchObject({ name: 'TransportFault', reason: 'unreachable' });
    await toy.until(({ waiting }) => waiting.length === 1);
    proxy.cut();
    await fault;
    expect(toy.waiting).toHaveLength(1);
  });

  it('tells who reads a stream', async () => {
    const toy = new Toy();
    const proxy = await proxyTo(await toyHost(toy));
    const { items } = await clientOf(toyOperations, line(proxy.port)).idle({});
    const next = items[Symbol.asyncIterator]().next();
    proxy.cut();
    await expect(next).rejects.toMatchObject({ name: 'TransportFault', reason: 'unreachable' });
  });
});

describe('what is no answer', () => {
  it('is said of an address where nobody listens', async () => {
    const server = createServer();
    const port = await listening(server);
    server.close();
    await once(server, 'close');
    await expect(call(line(port), toyOperations.document, {})).rejects.toMatchObject({
      reason: 'unreachable',
      message: expect.stringContaining(`grpc://127.0.0.1:${port} cannot be reached`),
    });
  });

  it('is said of a server that never speaks', async () => {
    const port = await listening(createServer());
    const fault = { name: 'TransportFault' };
    await expect(call(line(port), toyOperations.document, {}, { timeout: 50 })).rejects.toMatchObject(fault);
    await expect(call(line(port), toyOperations.idle, {}, { timeout: 50 })).rejects.toMatchObject(fault);
  });

  it('is said of a server of something else', async () => {
    const server = createHttp2((_request, response) =>
      response.writeHead(404, { 'content-type': 'text/html' }).end('hi'),
    );
    const port = await listening(server);
    await expect(call(line(port), toyOperations.document, {})).rejects.toMatchObject({
      name: 'TransportFault',
      reason: 'invalid',
    });
  });

  it('is an answer that is larger than is taken', async () => {
    const settings = line(await toyHost(new Toy()));
    await expect(
      call(settings, toyOperations.greet, { name: 'x'.repeat(500) }, { answerLimit: 100 }),
    ).rejects.toMatchObject({ name: 'TransportFault', reason: 'invalid' });
  });
});

describe('settings', () => {
  it.each([
    ['grpc://wfm.plant.example:9443', 'take grpcs://'],
    ['https://localhost:9443', 'expected grpcs://host:port'],
    ['grpcs://localhost:9443/path', 'a host and a port only'],
    ['grpcs://me:secret@localhost', 'credentials go elsewhere'],
  ])('refuse %s', (url, fault) => {
    expect(JSON.stringify(config.safeParse({ url }).error?.issues)).toContain(fault);
  });
  it('want a certificate and its key, and TLS for them', () => {
    const faults = (settings: object) => config.safeParse(settings).error?.issues.map(({ path }) => path.join('.'));
    expect(faults({ url: 'grpcs://localhost', certificate: 'a.crt' })).toEqual(['certificate']);
    expect(faults({ url: 'grpc://localhost', ca: 'ca.crt' })).toEqual(['url']);
    expect(faults({ url: 'grpcs://[::1]:1', ca: 'ca.crt' })).toBeUndefined();
  });
});
