import { once } from 'node:events';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer as createSecure, type Server } from 'node:https';
import { type AddressInfo, createServer, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TLSSocket } from 'node:tls';
import { afterEach, describe, expect, it, onTestFinished } from 'vitest';
import { signedBy } from '../../../core/client/index.js';
import {
  createAuthority,
  issueDeviceCertificate,
  issueServerCertificate,
  SigningKey,
} from '../../../core/identity/index.js';
import {
  anyone,
  bearer,
  type ClientSettings,
  call,
  clientOf,
  created,
  defineOperation,
  defineVendor,
  empty,
  nobody,
  ok,
  Problem,
  problems,
  representation,
  serve,
  stream,
  type Transport,
  z,
} from '../../../core/plugin/index.js';
import { startTestHost } from '../../../core/testing/index.js';
import http from '../../../vendors/http/index.js';
import { type HttpTransportOptions, httpTransport } from './index.js';

const shared = { problems: [problems.conflict], idempotency: 'safe', access: anyone } as const;
const operations = {
  add: defineOperation({
    ...shared,
    id: 'toy.add',
    summary: 'Adds',
    idempotency: 'idempotent',
    input: z.strictObject({ a: z.number(), b: z.number().default(1) }),
    output: { kind: 'value', schema: z.object({ sum: z.number() }) },
    http: { method: 'POST', path: '/add' },
  }),
  once: defineOperation({
    ...shared,
    id: 'toy.once',
    summary: 'Has an effect each time',
    idempotency: 'once',
    input: z.strictObject({}),
    output: { kind: 'value', schema: z.unknown() },
    http: { method: 'POST', path: '/once' },
  }),
  echo: defineOperation({
    ...shared,
    id: 'toy.echo',
    summary: 'Tells what came',
    input: z.strictObject({ path: z.string(), q: z.string().optional() }),
    output: {
      kind: 'value',
      schema: z.object({ path: z.string(), uri: z.string(), headers: z.record(z.string(), z.string()) }),
    },
    http: { method: 'GET', path: '/echo/{path}', query: ['q'] },
  }),
  page: defineOperation({
    ...shared,
    id: 'toy.page',
    summary: 'Bytes',
    input: z.strictObject({ ready: z.string().optional() }),
    output: { kind: 'representation', mediaTypes: ['text/plain'] },
    http: { method: 'GET', path: '/page', query: ['ready'] },
  }),
  count: defineOperation({
    ...shared,
    id: 'toy.count',
    summary: 'Counts',
    input: z.strictObject({ to: z.coerce.number() }),
    output: { kind: 'stream', schema: z.object({ n: z.number() }) },
    http: { method: 'GET', path: '/count', query: ['to'] },
  }),
  forget: defineOperation({
    ...shared,
    id: 'toy.forget',
    summary: 'Forgets',
    idempotency: 'idempotent',
    input: z.strictObject({}),
    output: { kind: 'empty' },
    http: { method: 'DELETE', path: '/' },
  }),
  secret: defineOperation({
    ...shared,
    id: 'toy.secret',
    summary: 'For users',
    access: { kinds: ['user'], rule: 'users', check: () => undefined },
    input: z.strictObject({}),
    output: { kind: 'value', schema: z.string() },
    http: { method: 'GET', path: '/secret' },
  }),
} as const;

/** What the reader of a stream made happen on the other side. */
const seen = { taken: 0, ended: false };

async function* counted(from: number, to: number): AsyncGenerator<{ id: string; event: string; data: { n: number } }> {
  seen.taken = 0;
  seen.ended = false;
  try {
    for (let n = from + 1; n <= to; n++) {
      seen.taken = n;
      yield { id: String(n), event: 'number', data: { n } };
    }
  } finally {
    seen.ended = true;
  }
}

const toy = defineVendor({
  type: 'vendor.toy',
  version: '1.0.0',
  create: () => ({
    authenticators: [
      {
        scheme: 'bearer',
        makes: 'user',
        challenge: 'Bearer realm="toy"',
        authenticate: ({ headers }) =>
          headers['authorization'] === 'Bearer good' ? { kind: 'user', id: 'me', roles: ['admin'] } : undefined,
      },
    ],
    operations: [
      serve(operations.add, ({ input: { a, b } }) => {
        if (a === b)
          throw new Problem(problems.conflict, 'the same', { extensions: { twice: a }, retryAfterSeconds: 3 });
        return created({ sum: a + b }, `/sums/${a + b}`);
      }),
      serve(operations.once, () => ok({})),
      serve(operations.echo, ({ input: { path }, evidence: { targetUri, headers } }) =>
        ok({ path, uri: targetUri, headers: { ...headers } }),
      ),
      serve(operations.page, ({ input: { ready } }) =>
        representation(Buffer.from('hello'), 'text/plain', {
          etag: 'one',
          cache: { visibility: 'public', freshness: 'immutable' },
          ...(ready === 'no' && { outcome: 'unavailable' }),
        }),
      ),
      serve(operations.count, ({ input: { to }, resumeAfter = '0' }) => stream(counted(Number(resumeAfter), to))),
      serve(operations.forget, () => empty),
      serve(operations.secret, () => ok('open')),
    ],
  }),
});

const transports: Transport[] = [];
afterEach(async () => {
  for (const transport of transports.splice(0)) await transport.close();
});

function lineTo(url: string, options: Partial<HttpTransportOptions> = {}): ClientSettings {
  const transport = httpTransport({ url, ...options });
  transports.push(transport);
  return { transport, prefix: '/toy', credentials: nobody };
}

async function host(config = 'port: 0, tls: off') {
  const started = await startTestHost({
    definitions: [toy, http],
    profile: `profile: toys\nvendors: { toy: { type: vendor.toy, path: /toy } }\nbindings: { http: { type: binding.http, config: { ${config} } } }`,
  });
  onTestFinished(() => started.stop());
  return started;
}

describe('a host over HTTP', () => {
  it('gives values, bytes, nothing, and what the answers say beside', async () => {
    const line = lineTo((await host()).url);
    expect(await call(line, operations.add, { a: 2 })).toEqual({
      kind: 'value',
      outcome: 'created',
      value: { sum: 3 },
      location: '/toy/sums/3',
    });
    const { bytes, ...page } = (await call(line, operations.page, {})) as { bytes: Uint8Array };
    expect(Buffer.from(bytes).toString()).toBe('hello');
    const said = { kind: 'representation', mediaType: 'text/plain', etag: 'one' };
    expect(page).toEqual({ ...said, outcome: 'ok', cache: { visibility: 'public', freshness: 'immutable' } });
    expect(await call(line, operations.page, { ready: 'no' })).toMatchObject({ ...said, outcome: 'unavailable' });
    expect(await call(line, operations.page, {}, { ifNoneMatch: 'one' })).toEqual({
      kind: 'not-modified',
      etag: 'one',
    });
    expect(await call(line, operations.forget, {})).toEqual({ kind: 'empty' });
  });

  it('answers problems as it means them, with its challenges', async () => {
    const line = lineTo((await host()).url);
    await expect(call(line, operations.add, { a: 1 })).rejects.toMatchObject({
      kind: problems.conflict,
      extensions: { twice: 1 },
      retryAfterSeconds: 3,
    });
    const raw = await line.transport.call({
      operation: operations.secret as never,
      prefix: '/toy',
      input: {},
      headers: {},
      credentials: nobody,
      signal: new AbortController().signal,
      timeout: 5000,
      answerLimit: 1000,
    });
    expect(raw).toMatchObject({ kind: 'problem', challenges: ['Bearer realm="toy"'] });
    expect(await call({ ...line, credentials: bearer('good') }, operations.secret, {})).toMatchObject({
      value: 'open',
    });
  });

  it('is sent exactly what signatures cover, dots and escaped slashes included', async () => {
    const { url } = await host();
    const key = SigningKey.generate();
    const line = { ...lineTo(url), credentials: signedBy(() => key, { now: () => 1_700_000_000_000 }) };
    const { value } = (await call(line, operations.echo, { path: '../a/b c', q: 'x&y' })) as {
      value: { path: string; uri: string; headers: Record<string, string> };
    };
    expect(value).toMatchObject({ path: '../a/b c', uri: `${url}/toy/echo/..%2Fa%2Fb%20c?q=x%26y` });
    expect(value.headers).toMatchObject({
      host: new URL(url).host,
      'signature-input': expect.stringMatching(/^sig1=\("@method" "@target-uri" "@authority"\);created=1700000000/),
    });
    expect(value.headers).not.toHaveProperty('content-digest');
  });

  it('frames the body of a DELETE, so that the connection can be used again', async () => {
    const line = lineTo((await host()).url, { maxConnections: 1 });
    const strange = { ...operations.forget, input: z.unknown(), access: anyone };
    await expect(call(line, strange, { strange: 1 })).rejects.toMatchObject({
      kind: problems.semanticError,
      detail: expect.stringContaining('strange'),
    });
    expect(await call(line, operations.add, { a: 2 })).toMatchObject({ value: { sum: 3 } });
  });

  it('sends no GET that has a body', async () => {
    const line = lineTo((await host()).url);
    const strange = { ...operations.page, input: z.unknown(), access: anyone };
    await expect(call(line, strange, { radey: 'no' })).rejects.toMatchObject({
      kind: problems.invalidRequest,
      detail: expect.stringContaining('a field too many: radey'),
    });
  });

  it('streams items with their ids, after the last one that was seen', async () => {
    const client = clientOf(operations, lineTo((await host()).url));
    const items = [];
    for await (const item of (await client.count({ to: 4 }, { resumeAfter: '2' })).items) items.push(item);
    expect(items).toEqual([
      { id: '3', event: 'number', data: { n: 3 } },
      { id: '4', event: 'number', data: { n: 4 } },
    ]);
  });

  it('is slowed down by who does not take the items, and hears when nobody wants them', async () => {
    const client = clientOf(operations, lineTo((await host()).url));
    const { items } = await client.count({ to: 3_000_000 });
    for await (const { data } of items) if (data.n === 3) break;
    await expect.poll(() => seen.ended).toBe(true);
    expect(seen.taken).toBeLessThan(3_000_000);
  });

  it('is given up by the signal, before and in the middle of a stream', async () => {
    const client = clientOf(operations, lineTo((await host()).url));
    const given = new AbortController();
    const { items } = await client.count({ to: 3_000_000 }, { signal: given.signal });
    const reading = (async () => {
      for await (const { data } of items) if (data.n === 2) given.abort(new Error('enough'));
    })();
    await expect(reading).rejects.toThrow('enough');
    await expect.poll(() => seen.ended).toBe(true);
    await expect(client.add({ a: 2 }, { signal: given.signal })).rejects.toThrow('enough');
  });

  it('is no longer called once the line is closed', async () => {
    const line = lineTo((await host()).url);
    const { items } = await clientOf(operations, line).count({ to: 3_000_000 });
    const reading = (async () => {
      for await (const { data } of items) if (data.n === 2) await line.transport.close();
    })();
    await expect(reading).rejects.toMatchObject({ reason: 'unreachable', message: expect.stringContaining('closed') });
    await expect(call(line, operations.add, { a: 2 })).rejects.toMatchObject({ reason: 'unreachable' });
  });
});

/** Answers every connection in its own way; told what came on it so far, and how many connections there were before. */
async function raw(answer: (socket: Socket, request: string, nth: number) => void): Promise<string> {
  const sockets = new Set<Socket>();
  let connections = 0;
  const server = createServer((socket) => {
    const nth = connections++;
    sockets.add(socket);
    socket.on('error', () => socket.destroy());
    let request = '';
    socket.on('data', (chunk) => {
      request += String(chunk);
      if (!request.includes('\r\n\r\n')) return;
      answer(socket, request, nth);
      request = '';
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

const says = (status: string, headers: readonly string[], body: string) => (socket: Socket) =>
  void socket.write(
    [`HTTP/1.1 ${status}`, ...headers, `Content-Length: ${Buffer.byteLength(body)}`, '', body].join('\r\n'),
  );
const streams = (body: string, end: (socket: Socket) => void) => (socket: Socket) => {
  socket.write(
    'HTTP/1.1 200 OK\r\nContent-Type: text/event-stream; charset=utf-8\r\nTransfer-Encoding: chunked\r\n\r\n',
  );
  socket.write(`${Buffer.byteLength(body).toString(16)}\r\n${body}\r\n`, () => end(socket));
};
const allOf = async (line: ClientSettings): Promise<unknown[]> => {
  const found = [];
  for await (const { data } of (await clientOf(operations, line).count({ to: 1 })).items) found.push(data);
  return found;
};

describe('somebody else behind the address', () => {
  it.each([
    [
      'the words of older servers',
      '403 Forbidden',
      [],
      '{"error":"Client rejected","message":"not you"}',
      { kind: { status: 403, type: 'about:blank', retryable: false }, detail: 'not you' },
    ],
    [
      'only an error',
      '400 Bad Request',
      [],
      '{"error":"Invalid certificate"}',
      { kind: { status: 400 }, detail: 'Invalid certificate' },
    ],
    [
      'the page of a proxy',
      '502 Bad Gateway',
      ['Content-Type: text/html'],
      '<h1>secret</h1>',
      { kind: { status: 502, retryable: true }, detail: 'HTTP 502 Bad Gateway' },
    ],
    ['a list', '500 No', [], '[1]', { kind: { status: 500 }, detail: 'HTTP 500 Internal Server Error' }],
    ['advice in seconds', '429 Slow', ['Retry-After: 7'], '', { retryAfterSeconds: 7, kind: { retryable: true } }],
    ['advice as a date', '503 Later', ['Retry-After: Thu, 01 Jan 1970 00:01:40 GMT'], '', { retryAfterSeconds: 90 }],
    ['advice in the body', '503 Later', ['Retry-After: 7'], '{"retryAfterSeconds":2}', { retryAfterSeconds: 2 }],
  ])('tells of problems by %s', async (_name, status, headers, body, problem) => {
    const line = lineTo(await raw(says(status, headers, body)), { now: () => 10_000 });
    await expect(call(line, operations.add, { a: 2 })).rejects.toMatchObject({ name: 'Problem', ...problem });
  });

  it.each([
    ['no HTTP', (socket: Socket) => void socket.write('SSH-2.0-x\r\n'), 'invalid', /no HTTP/],
    ['nothing', (socket: Socket) => void socket.end(), 'unreachable', /socket hang up/],
    [
      'half an answer',
      (socket: Socket) => void socket.end('HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{"sum'),
      'unreachable',
      /middle of the answer/,
    ],
    ['no JSON', says('200 OK', [], '{"sum":'), 'invalid', /no JSON/],
    [
      'no UTF-8',
      (socket: Socket) => void socket.write(Buffer.from('HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\n\xff', 'latin1')),
      'invalid',
      /no JSON/,
    ],
    ['another shape', says('200 OK', [], '{"sum":"3"}'), 'invalid', /expected number/],
    ['too much', says('200 OK', [], `"${'x'.repeat(2000)}"`), 'invalid', /more than 1000 bytes/],
    [
      'a redirect',
      says('302 Found', ['Location: https://elsewhere.example/'], ''),
      'invalid',
      /elsewhere\.example.*not followed/,
    ],
    ['what nobody asked for', says('200 OK', ['Content-Encoding: br'], 'x'), 'invalid', /encoded as br/],
  ])('that answers %s', async (_name, answer, reason, message) => {
    const line = lineTo(await raw(answer));
    await expect(call(line, operations.add, { a: 2 }, { answerLimit: 1000 })).rejects.toMatchObject({
      name: 'TransportFault',
      reason,
      message: expect.stringMatching(message),
    });
  });

  it('that sends more than is taken without saying how much', async () => {
    const line = lineTo(await raw((socket) => void socket.write(`HTTP/1.1 200 OK\r\n\r\n${'x'.repeat(5000)}`)));
    await expect(call(line, operations.page, {}, { answerLimit: 1000 })).rejects.toMatchObject({ reason: 'invalid' });
  });

  it('that is silent, or too slow for the whole answer', async () => {
    const silent = lineTo(await raw(() => undefined));
    await expect(call(silent, operations.add, { a: 2 }, { timeout: 20 })).rejects.toMatchObject({
      reason: 'timeout',
      message: expect.stringContaining('no answer in time'),
    });
    const slow = lineTo(await raw((socket) => void socket.write('HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nx')));
    await expect(call(slow, operations.page, {}, { timeout: 20 })).rejects.toMatchObject({ reason: 'timeout' });
  });

  it('that does not listen', async () => {
    const url = await raw(() => undefined);
    const nobodyThere = lineTo(url.replace(/:\d+$/, ':1'));
    await expect(call(nobodyThere, operations.add, { a: 2 })).rejects.toMatchObject({
      reason: 'unreachable',
      message: expect.stringContaining('ECONNREFUSED'),
    });
  });

  it('that says nothing or text where a value was expected leaves it to the caller', async () => {
    const loose = { ...operations.add, output: { kind: 'value', schema: z.unknown() } } as const;
    expect(await call(lineTo(await raw(says('201 Created', [], ''))), loose, { a: 1 })).toMatchObject({
      outcome: 'created',
      value: undefined,
    });
    const text = lineTo(await raw(says('200 OK', ['Content-Type: text/plain'], 'fine')));
    expect(await call(text, loose, { a: 1 })).toMatchObject({ value: 'fine' });
    expect(
      await call(lineTo(await raw((socket) => void socket.write('HTTP/1.1 204 No Content\r\n\r\n'))), loose, { a: 1 }),
    ).toMatchObject({ value: undefined });
    await expect(call(text, operations.add, { a: 2 })).rejects.toMatchObject({ reason: 'invalid' });
  });
});

describe('a kept connection that was closed meanwhile', () => {
  /** Answers the first request of each connection, and closes it at the second. */
  const closing = () => {
    const perConnection = new Map<number, number>();
    return raw((socket, _request, nth) => {
      const count = (perConnection.get(nth) ?? 0) + 1;
      perConnection.set(nth, count);
      if (count > 1) socket.destroy();
      else says('200 OK', [], '{"sum":3}')(socket);
    });
  };

  it('is replaced by another, for what may be repeated', async () => {
    const line = lineTo(await closing());
    let signed = 0;
    const credentials = () => ({ authorization: `try ${++signed}` });
    for (const _time of [1, 2, 3]) await call({ ...line, credentials }, operations.add, { a: 2 });
    expect(signed).toBe(5);
  });

  it('is told of, for what would have its effect twice, unless the call has a key', async () => {
    const line = lineTo(await closing());
    await call(line, operations.once, {});
    await expect(call(line, operations.once, {})).rejects.toMatchObject({ reason: 'unreachable' });
    await call(line, operations.once, {});
    await call(line, operations.once, {}, { idempotencyKey: 'k' });
  });
});

describe('a stream of somebody else', () => {
  const good = 'data: {"n":1}\n\n';

  it('ends well only where it was ended', async () => {
    expect(await allOf(lineTo(await raw(streams(good, (socket) => void socket.write('0\r\n\r\n')))))).toEqual([
      { n: 1 },
    ]);
    await expect(allOf(lineTo(await raw(streams(good, (socket) => socket.destroy()))))).rejects.toMatchObject({
      name: 'TransportFault',
      reason: 'unreachable',
    });
  });

  it('has broken when nothing comes any more', async () => {
    const line = lineTo(await raw(streams(good, () => undefined)), { silence: 30 });
    await expect(allOf(line)).rejects.toMatchObject({
      reason: 'timeout',
      message: expect.stringContaining('nothing came'),
    });
  });

  it('may last longer than the time for its beginning', async () => {
    let goOn = (): void => undefined;
    const url = await raw(
      streams(good, (socket) => {
        goOn = () => void socket.write(`${good.length.toString(16)}\r\n${good}\r\n0\r\n\r\n`);
      }),
    );
    const client = clientOf(operations, lineTo(url));
    // On a busy machine a short time may be over before the stream begins.
    const begun = async (timeout: number): Promise<Awaited<ReturnType<typeof client.count>> & { timeout: number }> =>
      client.count({ to: 1 }, { timeout }).then(
        (reply) => ({ ...reply, timeout }),
        (fault) => (fault.reason === 'timeout' ? begun(2 * timeout) : Promise.reject(fault)),
      );
    const { items, timeout } = await begun(50);
    const found = [];
    const limit = AbortSignal.timeout(timeout + 10);
    for await (const { data } of items) {
      found.push(data);
      if (found.length > 1) continue;
      await once(limit, 'abort');
      goOn();
    }
    expect(found).toHaveLength(2);
  });

  it.each([
    ['no JSON', 'data: {\n\n'],
    ['of another shape', 'data: {"n":"1"}\n\n'],
    ['larger than is taken', `data: "${'x'.repeat(20_000_000)}"\n\n`],
  ])('whose item is %s is no stream', async (_name, body) => {
    await expect(allOf(lineTo(await raw(streams(body, () => undefined))))).rejects.toMatchObject({ reason: 'invalid' });
  });

  it('that is none', async () => {
    await expect(allOf(lineTo(await raw(says('200 OK', ['Content-Type: text/html'], 'x'))))).rejects.toMatchObject({
      reason: 'invalid',
      message: expect.stringContaining('text/html'),
    });
  });
});

describe('TLS', () => {
  it('trusts the given CA and no other, and takes up another file', async () => {
    const directory = await mkdtemp(join(tmpdir(), 'tutti-line-'));
    onTestFinished(() => rm(directory, { recursive: true, force: true }));
    const { url, dataDir } = await host('port: 0');
    const ca = join(directory, 'ca.crt');
    let now = Date.now();
    const line = lineTo(url, { ca, now: () => now });
    const asked = (): Promise<unknown> => call(line, operations.add, { a: 2 });
    await expect(asked()).rejects.toMatchObject({
      reason: 'untrusted',
      message: expect.stringContaining(`the CA file ${ca} cannot be read`),
    });
    const other = await createAuthority({ commonName: 'other', now });
    await writeFile(ca, other.certificate.pem);
    await expect(asked()).rejects.toMatchObject({
      reason: 'untrusted',
      message: expect.stringContaining(`not signed by the CA in ${ca}`),
    });
    const right = join(dataDir, 'pki', 'ca.crt');
    await rm(ca);
    await writeFile(ca, await readFile(right));
    now += 2000;
    await asked();
    await expect(call(lineTo(url), operations.add, { a: 2 })).rejects.toMatchObject({
      reason: 'untrusted',
      message: expect.stringContaining('a CA that this system trusts'),
    });
    await expect(
      call(lineTo(url, { ca: join(dataDir, 'pki', 'ca.key') }), operations.add, { a: 2 }),
    ).rejects.toMatchObject({ reason: 'untrusted' });
  });

  it('shows the client certificate', async () => {
    const directory = await mkdtemp(join(tmpdir(), 'tutti-line-'));
    onTestFinished(() => rm(directory, { recursive: true, force: true }));
    const now = Date.now();
    const authority = await createAuthority({ commonName: 'plant', now });
    const [server, device] = [SigningKey.generate(), SigningKey.generate()];
    const shown = await issueDeviceCertificate(authority, { name: 'press-7', key: device.verificationKey, now });
    const certified = await issueServerCertificate(authority, { key: server.verificationKey, now });
    const files = {
      ca: join(directory, 'ca.crt'),
      certificate: join(directory, 'c.crt'),
      key: join(directory, 'c.key'),
    };
    await writeFile(files.ca, authority.certificate.pem);
    await writeFile(files.certificate, shown.pem);
    await writeFile(files.key, device.exportPem());
    const listening: Server = createSecure(
      { key: server.exportPem(), cert: certified.pem, ca: authority.certificate.pem, requestCert: true },
      ({ socket }, response) => {
        const { subject } = (socket as TLSSocket).getPeerCertificate();
        response.end(JSON.stringify({ cn: subject?.CN, authorized: (socket as TLSSocket).authorized }));
      },
    );
    listening.listen(0, '127.0.0.1');
    await once(listening, 'listening');
    onTestFinished(() => void listening.close());
    const url = `https://127.0.0.1:${(listening.address() as AddressInfo).port}`;
    const asked = { ...operations.once, idempotency: 'safe' } as const;
    expect(await call(lineTo(url, files), asked, {})).toMatchObject({ value: { cn: 'press-7', authorized: true } });
    await expect(call(lineTo(url, { ca: files.ca }), asked, {})).rejects.toMatchObject({
      reason: 'unreachable',
      message: expect.stringContaining('our client certificate'),
    });
  });
});

describe('an address', () => {
  it.each([
    ['nonsense', /expected an address/],
    ['ftp://localhost', /expected https/],
    ['http://wfm.example', /this machine only/],
    ['https://me:secret@wfm.example', /no user/],
    ['https://wfm.example/?a=1', /no query/],
  ])('%s is refused', (url, why) => {
    expect(() => httpTransport({ url })).toThrow(why);
  });

  it('may have the path of a proxy, and a slash at its end', () => {
    expect(httpTransport({ url: 'https://WFM.example:443/tutti/' }).address).toBe('https://wfm.example/tutti');
    expect(httpTransport({ url: 'http://[::1]:80' }).address).toBe('http://[::1]');
  });
});
