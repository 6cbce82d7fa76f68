import { once } from 'node:events';
import { connect } from 'node:net';
import {
  type Client,
  credentials,
  Metadata,
  makeGenericClientConstructor,
  type ServiceError,
  status,
} from '@grpc/grpc-js';
import { afterEach, describe, expect, it } from 'vitest';
import { call, clientOf, nobody } from '../../core/client/index.js';
import { problems } from '../../core/plugin/index.js';
import { startTestHost, type TestHost } from '../../core/testing/host.js';
import { GrpcTransport } from '../../providers/transport/grpc/index.js';
import grpc from './index.js';
import { Toy, toyOperations, toyVendor } from './toy.js';
import { problemOf } from './wire/index.js';

const endings: (() => Promise<void> | void)[] = [];
afterEach(async () => {
  for (const end of endings.splice(0).reverse()) await end();
});

const config = (more = '') => `{ tls: off, port: 0${more} }`;

async function start(toy: Toy, more?: string): Promise<TestHost> {
  const host = await startTestHost({
    definitions: [toyVendor(toy), grpc],
    profile: `
profile: toys
vendors: { toy: { type: vendor.toy, path: /toys } }
bindings: { grpc: { type: binding.grpc, config: ${config(more)} } }`,
  });
  endings.push(() => host.stop());
  return host;
}

/** A client of the bare library: bytes in, bytes out. */
function bare(host: TestHost): Client {
  const made = new (makeGenericClientConstructor({}, 'bare'))(new URL(host.url).host, credentials.createInsecure());
  endings.push(() => made.close());
  return made;
}

function line(host: TestHost) {
  const transport = new GrpcTransport({ url: host.url.replace('http:', 'grpc:') });
  endings.push(() => transport.close());
  return { transport, prefix: '/toys', credentials: nobody };
}

const asItIs = (bytes: Buffer): Buffer => bytes;

function send(
  client: Client,
  method: string,
  bytes: Buffer,
  metadata = new Metadata(),
  deadline?: number,
): Promise<ServiceError | Buffer> {
  return new Promise((resolve) => {
    client.makeUnaryRequest(
      `/tutti.v1.Toy/${method}`,
      asItIs,
      asItIs,
      bytes,
      metadata,
      deadline === undefined ? {} : { deadline: Date.now() + deadline },
      (error, answer) => resolve(error ?? answer ?? Buffer.alloc(0)),
    );
  });
}

async function failure(answer: Promise<ServiceError | Buffer>) {
  const error = (await answer) as ServiceError;
  const [bytes] = error.metadata.get('grpc-status-details-bin');
  return { code: error.code, problem: problemOf(error.code, error.details, bytes as Buffer), metadata: error.metadata };
}

describe('a call that is not as it should be', () => {
  it('that cannot be read is a problem, after the caller was looked at', async () => {
    const client = bare(await start(new Toy()));
    const nonsense = Buffer.from([0x0a, 0xff, 0xff]);
    expect(await failure(send(client, 'Greet', nonsense))).toMatchObject({
      code: status.INVALID_ARGUMENT,
      problem: { kind: problems.invalidRequest },
    });
    const refused = await failure(send(client, 'Secret', nonsense));
    expect(refused).toMatchObject({ code: status.UNAUTHENTICATED, problem: { kind: problems.notAuthenticated } });
    expect(refused.metadata.get('www-authenticate')).toEqual(['Bearer realm="toy"']);
  });

  it('that is larger than its operation takes is refused as such, by the operation or by the library', async () => {
    const host = await start(new Toy());
    const client = bare(host);
    for (const size of [1001, 4 * 1024 * 1024]) {
      expect(await failure(send(client, 'Greet', Buffer.alloc(size)))).toMatchObject({
        code: status.RESOURCE_EXHAUSTED,
        problem: { kind: problems.tooLarge },
      });
      await expect(clientOf(toyOperations, line(host)).greet({ name: 'x'.repeat(size) })).rejects.toMatchObject({
        kind: problems.tooLarge,
      });
    }
  });

  it('of something that nobody offers is not found', async () => {
    expect(await failure(send(bare(await start(new Toy())), 'Nothing', Buffer.alloc(0)))).toMatchObject({
      code: status.UNIMPLEMENTED,
      problem: { kind: problems.notFound },
    });
  });

  it('shows nothing of an error inside', async () => {
    const host = await start(new Toy());
    const { code, problem, metadata } = await failure(send(bare(host), 'Broken', Buffer.alloc(0)));
    expect({ code, kind: problem.kind }).toEqual({ code: status.INTERNAL, kind: problems.internal });
    expect(JSON.stringify([problem.body(), metadata.getMap()])).not.toContain('never seen');
    const [id] = metadata.get('x-correlation-id');
    expect(host.log()).toContain('never seen by callers');
    expect(host.log()).toContain(String(id));
  });

  it('tells the correlation id that the caller gave', async () => {
    const host = await start(new Toy());
    const metadata = new Metadata();
    metadata.set('x-correlation-id', 'mine');
    const { metadata: back } = await failure(send(bare(host), 'Broken', Buffer.alloc(0), metadata));
    expect(back.get('x-correlation-id')).toEqual(['mine']);
  });
});

describe('the end of a call', () => {
  it('reaches its handler when the caller gives up', async () => {
    const toy = new Toy();
    const host = await start(toy);
    const caller = new AbortController();
    const answer = clientOf(toyOperations, line(host)).wait({}, { signal: caller.signal });
    await toy.until(({ waiting }) => waiting.length === 1);
    caller.abort(new Error('enough'));
    await expect(answer).rejects.toThrow('enough');
    await toy.until(({ waiting }) => waiting[0]?.signal.aborted === true);
  });

  it('reaches its handler when the time of the caller is over', async () => {
    const toy = new Toy();
    const host = await start(toy);
    const client = clientOf(toyOperations, line(host));
    let fault: unknown;
    // On a busy machine a short time may be over before the call is there.
    for (let timeout = 50; toy.waiting.length === 0; timeout *= 2) {
      fault = await client.wait({}, { timeout }).catch((reason: unknown) => reason);
    }
    expect(fault).toMatchObject({ reason: 'timeout' });
    await toy.until(({ waiting }) => waiting[0]?.signal.aborted === true);
  });

  it('of a stream reaches its producer, which is never far ahead of its reader', async () => {
    const toy = new Toy();
    const { items } = await clientOf(toyOperations, line(await start(toy))).flood({});
    const iterator = items[Symbol.asyncIterator]();
    expect((await iterator.next()).value).toMatchObject({ data: { text: expect.stringMatching(/^x+$/) } });
    // The producer stands still now: nothing that it would do, would a reader wait for.
    await toy.until(({ standing }) => standing);
    const ahead = toy.flooded;
    expect(ahead).toBeLessThan(1000);
    await iterator.return?.();
    await toy.until(({ floodEnded }) => floodEnded);
    expect(toy.flooded).toBeLessThan(ahead + 100);
  });

  it('of a stream that fails on the way is told apart from a good one', async () => {
    const host = await start(new Toy());
    const { items } = await clientOf(toyOperations, line(host)).count({});
    const seen: unknown[] = [];
    await expect(
      (async () => {
        for await (const { data } of items) seen.push(data.n);
      })(),
    ).rejects.toMatchObject({ name: 'TransportFault', cause: { kind: problems.internal } });
    expect(seen).toHaveLength(12);
  });
});

describe('a drain', () => {
  it('ends streams, waits for other calls, and takes no new ones', async () => {
    const toy = new Toy();
    const host = await start(toy);
    const settings = line(host);
    const client = clientOf(toyOperations, settings);
    const { items } = await client.idle({});
    const answer = client.wait({});
    await toy.until(({ waiting }) => waiting.length === 1);
    const silent = connect(Number(new URL(host.url).port), '127.0.0.1');
    await once(silent, 'connect');
    const stopped = host.stop();
    for await (const item of items) expect(item).toBeUndefined();
    expect(toy.waiting[0]?.signal.aborted).toBe(false);
    toy.waiting[0]?.letGo();
    expect(await answer).toEqual({ ended: 'well' });
    await stopped;
    await expect(call(settings, toyOperations.document, {}, { timeout: 2000 })).rejects.toMatchObject({
      reason: 'unreachable',
    });
  });
});

it('says at its start which fields have no locked number', async () => {
  expect((await start(new Toy())).log()).toContain('some fields have no locked number');
});
