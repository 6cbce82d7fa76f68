import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { bearer, type ClientSettings, call, clientOf, nobody } from '../../core/client/index.js';
import { problems } from '../../core/plugin/index.js';
import { startTestHost, type TestHost } from '../../core/testing/host.js';
import { GrpcTransport } from '../../providers/transport/grpc/index.js';
import grpc from './index.js';
import { exactBytes, Toy, toyOperations, toyVendor } from './toy.js';

const toy = new Toy();
let host: TestHost;
let transport: GrpcTransport;
let settings: ClientSettings;

beforeAll(async () => {
  host = await startTestHost({
    definitions: [toyVendor(toy), grpc],
    profile: `
profile: toys
vendors: { toy: { type: vendor.toy, path: /toys } }
bindings: { grpc: { type: binding.grpc, config: { tls: off, port: 0 } } }`,
  });
  transport = new GrpcTransport({ url: host.url.replace('http:', 'grpc:') });
  settings = { transport, prefix: '/toys', credentials: nobody };
});
afterAll(async () => {
  await transport.close();
  await host.stop();
});

describe('operations over gRPC', () => {
  it('answers values with what was done, where, and members that nobody declared', async () => {
    expect(await call(settings, toyOperations.greet, { name: 'world', times: 2 })).toEqual({
      kind: 'value',
      outcome: 'created',
      location: '/toys/greetings/world',
      value: { text: 'hello world hello world', more: { n: 1 } },
    });
  });

  it('answers problems with all that they say', async () => {
    await expect(clientOf(toyOperations, settings).greet({ name: 'nobody' })).rejects.toMatchObject({
      kind: problems.conflict,
      detail: 'there is nobody',
      retryAfterSeconds: 7,
      extensions: { who: ['a', null] },
    });
  });

  it('lets the schema judge what is missing', async () => {
    await expect(clientOf(toyOperations, settings).greet({} as never)).rejects.toMatchObject({
      kind: problems.semanticError,
      errors: [{ field: 'name' }],
    });
  });

  it('answers exact bytes, once for each version', async () => {
    expect(await call(settings, toyOperations.document, {})).toEqual({
      kind: 'representation',
      outcome: 'ok',
      bytes: Buffer.from(exactBytes),
      mediaType: 'text/plain',
      etag: 'one',
      cache: { visibility: 'public', freshness: 'immutable' },
    });
    expect(await call(settings, toyOperations.document, {}, { ifNoneMatch: 'one' })).toEqual({
      kind: 'not-modified',
      etag: 'one',
    });
  });

  it('streams items with their ids and events, from where the caller was', async () => {
    const client = clientOf(toyOperations, settings);
    const items: unknown[] = [];
    for await (const item of (await client.count({ to: 4 }, { resumeAfter: '1' })).items) items.push(item);
    expect(items).toEqual([
      { id: '2', event: 'even', data: { n: 2 } },
      { id: '3', data: { n: 3 } },
      { id: '4', event: 'even', data: { n: 4 } },
    ]);
  });

  it('knows callers by their tokens', async () => {
    const secret = (credentials = nobody) => call({ ...settings, credentials }, toyOperations.secret, { path: 'four' });
    expect(await secret(bearer('good'))).toEqual({ kind: 'value', outcome: 'ok', value: 4, etag: 'v4' });
    await expect(secret()).rejects.toMatchObject({ kind: problems.notAuthenticated });
    await expect(secret(bearer('bad'))).rejects.toMatchObject({ detail: 'this token is not known' });
  });
});
