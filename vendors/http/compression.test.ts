import { once } from 'node:events';
import { type IncomingMessage, request } from 'node:http';
import { buffer } from 'node:stream/consumers';
import { brotliDecompressSync, gunzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  anyone,
  defineOperation,
  defineVendor,
  ok,
  Problem,
  problems,
  representation,
  serve,
  stream,
  z,
} from '../../core/plugin/index.js';
import { startTestHost, type TestHost } from '../../core/testing/host.js';
import { chosenEncoding, EncodedForms } from './compression.js';
import http from './index.js';

const json = 'application/json';

describe('the encoding of an answer', () => {
  it.each([
    [undefined, undefined],
    ['', undefined],
    ['gzip', 'gzip'],
    ['br', 'br'],
    ['deflate, gzip;q=0.5, br;q=0.8', 'br'],
    ['gzip, br', 'gzip'],
    ['*', 'br'],
    ['*, br;q=0', 'gzip'],
    ['br;q=0, gzip;q=0', undefined],
    ['*;q=0', undefined],
    ['identity, gzip;q=0.1', undefined],
    ['zstd', undefined],
    ['gzip;q=nonsense', undefined],
  ])('for Accept-Encoding %s is %s', (accepted, encoding) => {
    expect(chosenEncoding(accepted, json, 5000)).toBe(encoding);
  });

  it.each([
    [json, 'br'],
    ['application/problem+json', 'br'],
    ['application/vnd.toy.v1+json', 'br'],
    ['application/vnd.toy.v1+yaml', 'br'],
    ['text/html; charset=utf-8', 'br'],
    ['image/svg+xml', 'br'],
    ['text/event-stream', undefined],
    ['application/octet-stream', undefined],
    ['application/gzip', undefined],
    ['application/vnd.toy.v1+tar+gzip', undefined],
    ['application/vnd.toy+json+zip', undefined],
    ['image/png', undefined],
  ])('of type %s is %s', (mediaType, encoding) => {
    expect(chosenEncoding('br', mediaType, 1024)).toBe(encoding);
    expect(chosenEncoding('br', mediaType, 1023)).toBeUndefined();
  });
});

it('makes each form of the same bytes once, and none that is no smaller', async () => {
  const forms = new EncodedForms();
  const bytes = Buffer.from('again '.repeat(1000));
  const making = forms.of(bytes, 'br');
  expect(forms.of(bytes, 'br')).toBe(making);
  const made = await making;
  expect(forms.of(bytes, 'br')).toBe(made);
  expect(await forms.of(bytes, 'gzip')).not.toBe(made);
  const dense = Buffer.from('short');
  expect(await forms.of(dense, 'gzip')).toBe(dense);
});

const base = { problems: [], access: anyone, idempotency: 'safe', input: z.object({}), summary: 'Toy' } as const;
const value = { kind: 'value', schema: z.unknown() } as const;
const bytes = Buffer.from(JSON.stringify({ text: 'exact bytes '.repeat(500) }));
const long = 'x'.repeat(2000);
const at = (path: string) => ({ method: 'GET', path }) as const;
const toy = defineVendor({
  type: 'vendor.toy',
  version: '1.0.0',
  create: () => ({
    operations: [
      serve(
        defineOperation({
          ...base,
          id: 'toy.bytes',
          output: { kind: 'representation', mediaTypes: ['application/vnd.toy.v1+json'] },
          http: at('/bytes'),
        }),
        () => representation(bytes, 'application/vnd.toy.v1+json', { etag: 'sha256:1' }),
      ),
      serve(defineOperation({ ...base, id: 'toy.value', output: value, http: at('/value') }), () => ok(long)),
      serve(defineOperation({ ...base, id: 'toy.short', output: value, http: at('/short') }), () => ok('short')),
      serve(defineOperation({ ...base, id: 'toy.problem', output: value, http: at('/problem') }), () => {
        throw new Problem(problems.unavailable, long);
      }),
      serve(
        defineOperation({
          ...base,
          id: 'toy.stream',
          output: { kind: 'stream', schema: z.string() },
          http: at('/stream'),
        }),
        () => stream(one()),
      ),
    ],
  }),
});

async function* one(): AsyncIterable<{ data: string }> {
  yield { data: long };
}

interface Said {
  readonly status: number | undefined;
  readonly headers: IncomingMessage['headers'];
  readonly body: Buffer;
}

describe.each([true, false])('with compression: %s', (compression) => {
  let host: TestHost;
  beforeAll(async () => {
    host = await startTestHost({
      definitions: [toy, http],
      profile: `profile: toys\nvendors: { toy: { type: vendor.toy } }\nbindings: { http: { type: binding.http, config: { tls: off, port: 0, compression: ${compression} } } }`,
    });
  });
  afterAll(() => host.stop());

  async function ask(path: string, headers: Record<string, string>, method = 'GET'): Promise<Said> {
    const sent = request(`${host.url}${path}`, { method, headers, agent: false }).end();
    const [response] = (await once(sent, 'response')) as [IncomingMessage];
    return { status: response.statusCode, headers: response.headers, body: await buffer(response) };
  }
  const expected = (encoding: string): string | undefined => (compression ? encoding : undefined);
  const decoded = ({ headers, body }: Said): string => {
    const encoding = headers['content-encoding'];
    return (encoding === 'br' ? brotliDecompressSync(body) : encoding === 'gzip' ? gunzipSync(body) : body).toString();
  };

  it.each(['br', 'gzip'])('gives a representation as %s, under the one ETag of its bytes', async (encoding) => {
    const plain = await ask('/bytes', {});
    expect(plain.headers['content-encoding']).toBeUndefined();
    expect(plain.body).toEqual(bytes);
    for (let n = 0; n < 2; n += 1) {
      const said = await ask('/bytes', { 'accept-encoding': encoding });
      expect(said.headers['content-encoding']).toBe(expected(encoding));
      expect(decoded(said)).toBe(bytes.toString());
      expect(said.headers.etag).toBe('"sha256:1"');
      expect(said.headers['content-length']).toBe(String(said.body.byteLength));
      expect(said.headers.vary).toBe(plain.headers.vary);
      expect(said.headers.vary).toBe(expected('Accept-Encoding'));
    }
  });

  it('answers conditional requests as without it', async () => {
    const said = await ask('/bytes', { 'accept-encoding': 'br', 'if-none-match': '"sha256:1"' });
    expect({ status: said.status, length: said.body.byteLength }).toEqual({ status: 304, length: 0 });
    expect(said.headers.etag).toBe('"sha256:1"');
    expect(said.headers['content-encoding']).toBeUndefined();
    expect(said.headers.vary).toBe(expected('Accept-Encoding'));
  });

  it('answers HEAD with the encoding of GET, and with a length only where that is the one of GET', async () => {
    const head = await ask('/bytes', { 'accept-encoding': 'gzip' }, 'HEAD');
    expect(head.headers['content-encoding']).toBe(expected('gzip'));
    expect(head.headers['content-length']).toBe(compression ? undefined : String(bytes.byteLength));
    expect((await ask('/bytes', {}, 'HEAD')).headers['content-length']).toBe(String(bytes.byteLength));
  });

  it('compresses long values and problems, and neither short ones nor streams', async () => {
    const headers = { 'accept-encoding': 'gzip' };
    const said = await ask('/value', headers);
    expect(said.headers['content-encoding']).toBe(expected('gzip'));
    expect(JSON.parse(decoded(said))).toBe(long);
    const problem = await ask('/problem', headers);
    expect(problem.status).toBe(503);
    expect(problem.headers['content-encoding']).toBe(expected('gzip'));
    expect(JSON.parse(decoded(problem))).toMatchObject({ detail: long });
    for (const path of ['/short', '/stream']) {
      expect((await ask(path, headers)).headers['content-encoding']).toBeUndefined();
    }
  });
});
