import { EventEmitter, once } from 'node:events';
import { connect } from 'node:net';
import { setImmediate } from 'node:timers/promises';
import express from 'express';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { HostStatus } from '../../core/host/status.js';
import {
  anyone,
  atLeast,
  created,
  defineOperation,
  definePort,
  defineProvider,
  defineVendor,
  empty,
  ok,
  Problem,
  problems,
  representation,
  serve,
  stream,
  z,
} from '../../core/plugin/index.js';
import { startTestHost, type TestHost } from '../../core/testing/host.js';
import http, { httpMount } from './index.js';

interface Gauge {
  read(): number;
}
const Gauge = definePort<Gauge>('gauge', 'A number');

const bytes = new TextEncoder().encode('exact bytes\n');
const base = { problems: [], access: anyone, idempotency: 'safe' } as const;
const value = { kind: 'value', schema: z.unknown() } as const;
const greeted = defineOperation({
  ...base,
  id: 'toy.greet',
  summary: 'Greets',
  idempotency: 'idempotent',
  bodyLimit: 1000,
  input: z.strictObject({ name: z.string().min(1), times: z.coerce.number().int().max(5).default(1) }),
  output: value,
  http: { method: 'POST', path: '/greetings/{name}', query: ['times'] },
});
const document = defineOperation({
  ...base,
  id: 'toy.document',
  summary: 'Exact bytes',
  input: z.object({}),
  output: { kind: 'representation', mediaTypes: ['application/vnd.toy.v1+json'] },
  http: { method: 'GET', path: '/document' },
});
const secretOne = defineOperation({
  ...base,
  id: 'toy.secret',
  summary: 'For operators',
  access: atLeast('operator'),
  input: z.object({}),
  output: value,
  http: { method: 'GET', path: '/secret' },
});
const broken = defineOperation({
  ...base,
  id: 'toy.broken',
  summary: 'Throws',
  input: z.object({}),
  output: value,
  http: { method: 'GET', path: '/broken' },
});
const busy = defineOperation({
  ...base,
  id: 'toy.busy',
  summary: 'Has no time',
  input: z.object({}),
  output: value,
  http: { method: 'GET', path: '/busy' },
});
const gone = defineOperation({
  ...base,
  id: 'toy.gone',
  summary: 'Empty',
  idempotency: 'idempotent',
  input: z.object({ path: z.string() }),
  output: { kind: 'empty' },
  http: { method: 'DELETE', path: '/things/{path+}' },
});
const counted = defineOperation({
  ...base,
  id: 'toy.count',
  summary: 'Counts on',
  input: z.strictObject({}),
  output: { kind: 'stream', schema: z.number() },
  http: { method: 'GET', path: '/count' },
});

const noted = defineOperation({
  ...base,
  id: 'toy.note',
  summary: 'Tells its input',
  idempotency: 'once',
  input: z.strictObject({ id: z.string(), text: z.string().optional(), loud: z.string().optional() }),
  output: value,
  http: { method: 'POST', path: '/notes/{id}', query: ['loud'] },
});
const loose = defineOperation({
  ...noted,
  id: 'toy.loose',
  input: z.looseObject({ id: z.string(), text: z.string().optional() }),
  http: { method: 'POST', path: '/loose/{id}', query: ['loud'] },
});

/** What a vendor's stream saw of its reader. */
const seen: { ended: boolean } = { ended: false };

const toy = defineVendor({
  type: 'vendor.toy',
  version: '1.0.0',
  uses: { gauge: Gauge },
  create: ({ uses: { gauge } }) => ({
    authenticators: [
      {
        scheme: 'bearer',
        makes: 'user',
        challenge: 'Bearer realm="toy"',
        authenticate: ({ headers }) => {
          const token = headers['authorization']?.replace('Bearer ', '');
          if (token === undefined) return undefined;
          if (token === 'wrong') throw new Problem(problems.notAuthenticated, 'the token is wrong');
          return { kind: 'user', id: token, roles: token === 'boss' ? ['admin'] : ['viewer'] };
        },
      },
    ],
    operations: [
      serve(greeted, ({ input: { name, times } }) =>
        created({ text: `hello ${name} `.repeat(times).trim() }, `/greetings/${name}`),
      ),
      serve(document, () =>
        representation(bytes, 'application/vnd.toy.v1+json', {
          etag: 'v1',
          cache: { visibility: 'private', freshness: 'revalidate' },
        }),
      ),
      serve(secretOne, ({ principal }) => ok({ who: principal.id, gauge: gauge.read() })),
      serve(broken, () => {
        throw new Error('the pool of secrets is empty');
      }),
      serve(busy, () => {
        throw new Problem(problems.unavailable, 'come back', { retryAfterSeconds: 7 });
      }),
      serve(gone, ({ input }) => (input.path === 'a/b' ? empty : ok(input))),
      ...[noted, loose].map((operation) => serve(operation, ({ input }) => ok(input))),
      serve(counted, ({ resumeAfter, signal }) => stream(count(Number(resumeAfter ?? 0), signal))),
    ],
    mounts: [
      httpMount('/express', (request, response) => expressed()(request, response)),
      httpMount('/raw', async (request, response, context) => {
        const { id } = await context.authenticate(['user']);
        response.end(`${request.method} ${context.path} ${id}`);
      }),
    ],
  }),
});

/** What a vendor with routes of its own would mount. */
function expressed(): express.Express {
  const app = express();
  app.get('/toys/express/:name', (request, response) => void response.json({ hello: request.params.name }));
  return app;
}

async function* count(after: number, signal: AbortSignal): AsyncIterable<{ id: string; data: number }> {
  try {
    for (let n = after + 1; !signal.aborted; n += 1) {
      yield { id: String(n), data: n };
      // Else megabytes would be on their way before anybody here could hear that the reader is gone.
      if (n % 10 === 0) await setImmediate();
    }
  } finally {
    seen.ended = true;
  }
}

const gauge = defineProvider({
  port: Gauge,
  type: 'gauge.fixed',
  version: '1.0.0',
  create: () => ({ read: () => 42 }),
});

describe('the HTTP binding', () => {
  let host: TestHost;
  beforeAll(async () => {
    host = await startTestHost({
      definitions: [toy, gauge, http],
      profile: `
profile: toys
providers:
  gauge: { type: gauge.fixed }
vendors:
  toy: { type: vendor.toy, path: /toys }
bindings:
  http: { type: binding.http, config: { tls: off, port: 0, headersTimeout: 1 } }
`,
    });
  });
  afterAll(() => host.stop());

  const call = (path: string, init?: RequestInit): Promise<Response> => fetch(`${host.url}/toys${path}`, init);
  const json = { 'content-type': 'application/json' };

  it('brings path, query and body together and answers 201 with a location below the vendor', async () => {
    const reply = await call('/greetings/ada?times=2', { method: 'POST', body: '{}', headers: json });
    expect(reply.status).toBe(201);
    expect(reply.headers.get('location')).toBe('/toys/greetings/ada');
    expect(await reply.json()).toEqual({ text: 'hello ada hello ada' });
  });

  it('names every fault of the input in one 422', async () => {
    const reply = await call('/greetings/ada?times=9', { method: 'POST', body: '{"nmae":1}', headers: json });
    expect(reply.status).toBe(422);
    expect(reply.headers.get('content-type')).toBe('application/problem+json');
    const { type, errors } = (await reply.json()) as { type: string; errors: { field: string }[] };
    expect(type).toBe('urn:tutti:problem:semantic-error');
    expect(errors.map(({ field }) => field)).toContain('times');
    expect(errors).toHaveLength(2);
  });

  it.each([
    ['not JSON', '{"a":', json, 400],
    ['not UTF-8', new Uint8Array([0x22, 0xff, 0x22]), json, 400],
    ['not an object', '[]', json, 400],
    ['another media type', 'name: ada', { 'content-type': 'application/yaml' }, 415],
    ['an encoded body', '{}', { ...json, 'content-encoding': 'gzip' }, 415],
    ['a body that is too large', JSON.stringify({ a: 'x'.repeat(2000) }), json, 413],
  ])('refuses %s', async (_what, body, headers, status) => {
    const reply = await call('/greetings/ada', { method: 'POST', body, headers });
    expect(reply.status).toBe(status);
    expect(await reply.json()).toMatchObject({ status });
  });

  it('stops reading a body of unknown length at the limit', async () => {
    // One that never waits would leave the server, which is in this process too, no time to read the head.
    const endless = new ReadableStream<Uint8Array>({
      pull: async (controller) => {
        await setImmediate();
        controller.enqueue(new Uint8Array(400));
      },
    });
    const reply = await call('/greetings/ada', {
      method: 'POST',
      body: endless,
      duplex: 'half',
      headers: json,
    } as RequestInit);
    expect(reply.status).toBe(413);
  });

  it('serves exact bytes with their validator and cache rule', async () => {
    const reply = await call('/document');
    expect(new Uint8Array(await reply.arrayBuffer())).toEqual(bytes);
    expect(Object.fromEntries(reply.headers)).toMatchObject({
      etag: '"v1"',
      'content-type': 'application/vnd.toy.v1+json',
      'cache-control': 'private, no-cache',
    });
  });

  it.each(['"v1"', 'W/"v1"', '"v0", "v1"', '*', 'v1'])('answers 304 to If-None-Match %s', async (field) => {
    const reply = await call('/document', { headers: { 'if-none-match': field } });
    expect(reply.status).toBe(304);
    expect(reply.headers.get('etag')).toBe('"v1"');
    expect(await reply.text()).toBe('');
  });

  it('answers 200 to another validator, and HEAD without a body', async () => {
    expect((await call('/document', { headers: { 'if-none-match': '"v2"' } })).status).toBe(200);
    const head = await call('/document', { method: 'HEAD' });
    expect(head.headers.get('content-length')).toBe(String(bytes.byteLength));
    expect(await head.text()).toBe('');
  });

  it.each([
    ['application/vnd.toy.v1+json', 200],
    ['application/*', 200],
    ['text/html, */*;q=0.1', 200],
    ['text/html', 406],
    ['application/vnd.toy.v1+json;q=0', 406],
  ])('negotiates Accept: %s to %i', async (accept, status) => {
    expect((await call('/document', { headers: { accept } })).status).toBe(status);
  });

  it('challenges a caller without credentials, refuses wrong ones, and one who may not', async () => {
    const none = await call('/secret');
    expect(none.status).toBe(401);
    expect(none.headers.get('www-authenticate')).toBe('Bearer realm="toy"');
    expect((await call('/secret', { headers: { authorization: 'Bearer wrong' } })).status).toBe(401);
    const viewer = await call('/secret', { headers: { authorization: 'Bearer ada' } });
    expect(viewer.status).toBe(403);
    expect(await viewer.json()).toMatchObject({ detail: 'needs the role operator; ada has viewer' });
    expect(await (await call('/secret', { headers: { authorization: 'Bearer boss' } })).json()).toEqual({
      who: 'boss',
      gauge: 42,
    });
  });

  it('tells nothing of an internal error, and logs it under the caller’s correlation id', async () => {
    const reply = await call('/broken', { headers: { 'x-correlation-id': 'shift-7' } });
    expect(reply.status).toBe(500);
    expect(await reply.text()).not.toContain('secrets');
    const line = host
      .log()
      .split('\n')
      .find((text) => text.includes('the pool of secrets is empty'));
    expect(JSON.parse(line ?? '{}')).toMatchObject({ correlationId: 'shift-7', level: 'error' });
  });

  it('sends Retry-After with what may be tried again', async () => {
    const reply = await call('/busy');
    expect(reply.status).toBe(503);
    expect(reply.headers.get('retry-after')).toBe('7');
  });

  it('takes the rest of a path, with slashes as they are or escaped', async () => {
    expect((await call('/things/a/b', { method: 'DELETE' })).status).toBe(204);
    expect((await call('/things/a%2Fb', { method: 'DELETE' })).status).toBe(204);
  });

  it('answers 404 for what is not offered and 405 with Allow for another method', async () => {
    expect((await call('/nothing')).status).toBe(404);
    const reply = await call('/document', { method: 'PUT' });
    expect(reply.status).toBe(405);
    expect(reply.headers.get('allow')).toBe('GET');
  });

  it('answers 404 for a path that cannot be decoded', async () => {
    expect((await call('/greetings/%E0%A4%A', { method: 'POST' })).status).toBe(404);
  });

  it('streams server-sent events from where the reader left off, and stops when the reader goes', async () => {
    const leave = new AbortController();
    const reply = await call('/count', { headers: { 'last-event-id': '3' }, signal: leave.signal });
    expect(reply.headers.get('content-type')).toBe('text/event-stream');
    const reader = reply.body?.pipeThrough(new TextDecoderStream()).getReader();
    const { value: first } = (await reader?.read()) ?? {};
    expect(first?.startsWith('id: 4\ndata: 4\n\nid: 5\n')).toBe(true);
    leave.abort();
    await expect.poll(() => seen.ended).toBe(true);
  });

  it.each([
    ['strange=1', ['strange']],
    ['text=x', ['text (in the query)']],
    ['id=x', ['id (in the query)']],
    ['text=x&strange=1&loud=1', ['text (in the query)', 'strange']],
  ])('refuses what an operation does not take from the query: %s', async (query, fields) => {
    const reply = await call(`/notes/one?${query}`, { method: 'POST' });
    expect(reply.status).toBe(422);
    const { errors } = (await reply.json()) as { errors: { message: string }[] };
    for (const field of fields) expect(errors.map(({ message }) => message).join()).toContain(`"${field}"`);
  });

  it('passes nothing from the query over what it may fill, however tolerant the input is', async () => {
    const reply = await call('/loose/one?text=x&strange=1&loud=2&id=three', { method: 'POST' });
    expect(await reply.json()).toEqual({ id: 'one', loud: '2' });
  });

  it('runs a mount with the path below it and the same authenticators', async () => {
    const reply = await call('/raw/some/where?x=1', { headers: { authorization: 'Bearer ada' } });
    expect(await reply.text()).toBe('GET /some/where ada');
    expect((await call('/raw', { headers: { authorization: 'Bearer wrong' } })).status).toBe(401);
  });

  it('takes an Express application as a mount', async () => {
    expect(await (await call('/express/ada')).json()).toEqual({ hello: 'ada' });
  });

  it('refuses two Host headers', async () => {
    const { port } = new URL(host.url);
    const socket = connect(Number(port), '127.0.0.1', () =>
      socket.end('GET /toys/document HTTP/1.1\r\nHost: a.example\r\nHost: b.example\r\nConnection: close\r\n\r\n'),
    );
    let said = '';
    for await (const chunk of socket as AsyncIterable<Buffer>) said += chunk.toString();
    expect(said).toMatch(/^HTTP\/1\.1 400 /);
    expect(said).toContain('only one Host');
  });

  it('cuts a client that does not finish the head of its request', async () => {
    const { port } = new URL(host.url);
    const said = await new Promise<string>((resolve, reject) => {
      const socket = connect(Number(port), '127.0.0.1', () => socket.write('GET /toys/document HTTP/1.1\r\nHost: '));
      let text = '';
      socket.on('data', (chunk: Buffer) => {
        text += chunk.toString();
      });
      socket.on('end', () => resolve(text));
      socket.on('error', reject);
    });
    expect(said).toContain('408');
  });
});

it('finishes what is under way before it stops', async () => {
  const started = new EventEmitter();
  const finish = new EventEmitter();
  const slow = defineOperation({
    ...base,
    id: 'toy.slow',
    summary: 'Slow',
    input: z.object({}),
    output: value,
    http: { method: 'GET', path: '/slow' },
  });
  const vendor = defineVendor({
    type: 'vendor.slow',
    version: '1.0.0',
    create: () => ({
      operations: [
        serve(slow, async () => {
          started.emit('now');
          await once(finish, 'now');
          return ok('done');
        }),
      ],
    }),
  });
  const host = await startTestHost({
    definitions: [vendor, http],
    profile:
      'profile: slow\nvendors: { slow: { type: vendor.slow } }\nbindings: { http: { type: binding.http, config: { tls: off, port: 0 } } }',
  });
  const underWay = once(started, 'now');
  const reply = fetch(`${host.url}/slow`);
  await underWay;
  const stopped = host.stop();
  await expect.poll(() => host.status.phase()).toBe('draining');
  finish.emit('now');
  expect(await (await reply).json()).toBe('done');
  await stopped;
  await expect(fetch(`${host.url}/slow`)).rejects.toThrow();
});

it('aborts what is still under way when its time to drain is over, and not before', async () => {
  const started = new EventEmitter();
  const heard: string[] = [];
  const endless = defineOperation({
    ...base,
    id: 'toy.endless',
    summary: 'Never ends by itself',
    input: z.object({}),
    output: value,
    http: { method: 'GET', path: '/endless' },
  });
  const vendor = defineVendor({
    type: 'vendor.endless',
    version: '1.0.0',
    uses: { host: HostStatus },
    create: ({ uses: { host } }) => ({
      operations: [
        serve(endless, async ({ signal }) => {
          started.emit('now');
          await once(signal, 'abort');
          heard.push(host.phase());
          return ok('given up');
        }),
      ],
      drain: () => void heard.push('vendor drained'),
    }),
  });
  const host = await startTestHost({
    definitions: [vendor, http],
    profile:
      'profile: endless\nhost: { deadlines: { drain: 200ms } }\nvendors: { slow: { type: vendor.endless } }\nbindings: { http: { type: binding.http, config: { tls: off, port: 0 } } }',
  });
  const underWay = once(started, 'now');
  const reply = fetch(`${host.url}/endless`).then(
    () => 'answered',
    () => 'cut',
  );
  await underWay;
  await host.stop();
  expect(await reply).toBe('cut');
  expect(heard).toEqual(['draining', 'vendor drained']);
});
