import { once } from 'node:events';
import { Agent, type IncomingMessage, request } from 'node:http';
import { text } from 'node:stream/consumers';
import { afterEach, describe, expect, it } from 'vitest';
import {
  type Authenticator,
  anyone,
  atLeast,
  defineOperation,
  defineVendor,
  ok,
  serve,
  stream,
  z,
} from '../../core/plugin/index.js';
import { manualClock } from '../../core/testing/clock.js';
import { startTestHost, type TestHost } from '../../core/testing/host.js';
import http from './index.js';

const base = { problems: [], idempotency: 'safe', summary: 'Toy', input: z.object({}) } as const;
const hello = defineOperation({
  ...base,
  id: 'toy.hello',
  access: atLeast('viewer'),
  output: { kind: 'value', schema: z.unknown() },
  http: { method: 'GET', path: '/hello' },
});
const open = defineOperation({ ...hello, id: 'toy.open', access: anyone, http: { method: 'GET', path: '/open' } });
const events = defineOperation({
  ...base,
  id: 'toy.events',
  access: anyone,
  output: { kind: 'stream', schema: z.number() },
  http: { method: 'GET', path: '/events' },
});
/** Whoever says a name is believed. */
const named: Authenticator = {
  scheme: 'bearer',
  makes: 'user',
  challenge: 'Bearer',
  authenticate: ({ headers }) => {
    const id = headers['authorization']?.replace('Bearer ', '');
    return id === undefined ? undefined : { kind: 'user', id, roles: ['viewer'] };
  },
};
const toy = defineVendor({
  type: 'vendor.toy',
  version: '1.0.0',
  create: () => ({
    authenticators: [named],
    operations: [serve(hello, () => ok('hello')), serve(open, () => ok('open')), serve(events, () => stream(one()))],
  }),
});

async function* one(): AsyncIterable<{ data: number }> {
  yield { data: 1 };
}

let host: TestHost;
afterEach(() => host.stop());

it('holds each caller to its rate, on all bindings together, and says when to come back', async () => {
  const clock = manualClock(Date.now());
  host = await startTestHost({
    definitions: [toy, http],
    clock,
    profile: `
profile: toys
host: { rateLimit: { perSecond: 0.5, burst: 2 } }
vendors: { toy: { type: vendor.toy } }
bindings:
  one: { type: binding.http, config: { tls: off, port: 0 } }
  two: { type: binding.http, config: { tls: off, port: 0 } }
`,
  });
  const [one = '', two = ''] = host.status.addresses();
  const ask = (url: string, name: string): Promise<Response> =>
    fetch(`${url}/hello`, { headers: { authorization: `Bearer ${name}` } });
  expect((await ask(one, 'ada')).status).toBe(200);
  expect((await ask(two, 'ada')).status).toBe(200);
  for (const url of [one, two]) {
    const refused = await ask(url, 'ada');
    expect(refused.status).toBe(429);
    expect(refused.headers.get('retry-after')).toBe('2');
    expect(await refused.json()).toMatchObject({
      type: 'urn:tutti:problem:too-many-requests',
      retryable: true,
      retryAfterSeconds: 2,
    });
    expect((await ask(url, 'bob')).status).toBe(200);
  }
  // Who shows no credentials is known by the address.
  expect((await fetch(`${one}/open`)).status).toBe(200);
  await clock.advance(2000);
  expect((await ask(one, 'ada')).status).toBe(200);
  expect((await ask(two, 'ada')).status).toBe(429);
});

describe('Accept', () => {
  it.each([
    ['/open', 'application/json', 200],
    ['/open', 'application/*;q=0.1', 200],
    ['/open', 'text/html', 406],
    ['/open', 'application/json;q=0', 406],
    ['/events', 'text/event-stream', 200],
    ['/events', 'application/json', 200],
    ['/events', 'text/html', 406],
  ])('of %s: %s is answered %i', async (path, accept, status) => {
    host = await startTestHost({
      definitions: [toy, http],
      profile:
        'profile: toys\nvendors: { toy: { type: vendor.toy } }\nbindings: { http: { type: binding.http, config: { tls: off, port: 0 } } }',
    });
    const reply = await fetch(`${host.url}${path}`, { headers: { accept } });
    expect({ status: reply.status, problem: reply.headers.get('content-type')?.includes('problem') }).toEqual({
      status,
      problem: status === 406,
    });
    await reply.text();
  });
});

describe('a connection', () => {
  async function start(config: string): Promise<void> {
    host = await startTestHost({
      definitions: [toy, http],
      profile: `profile: toys\nvendors: { toy: { type: vendor.toy } }\nbindings: { http: { type: binding.http, config: { tls: off, port: 0, ${config} } } }`,
    });
  }
  async function ask(agent: Agent): Promise<{ headers: IncomingMessage['headers']; body: string; reused: boolean }> {
    const sent = request(`${host.url}/open`, { agent }).end();
    const [response] = (await once(sent, 'response')) as [IncomingMessage];
    return { headers: response.headers, body: await text(response), reused: sent.reusedSocket };
  }

  it('stays open, and tells for how long it may be silent', async () => {
    await start('idleTimeout: 20');
    const agent = new Agent({ keepAlive: true, maxSockets: 1 });
    const first = await ask(agent);
    expect(first.headers).toMatchObject({ connection: 'keep-alive', 'keep-alive': 'timeout=20' });
    expect((await ask(agent)).reused).toBe(true);
    agent.destroy();
  });

  it('ends after as many requests as the profile says, and its last answer says so', async () => {
    await start('maxRequestsPerConnection: 2');
    const agent = new Agent({ keepAlive: true, maxSockets: 1 });
    const said = [];
    for (let n = 0; n < 6; n += 1) said.push(await ask(agent));
    expect(said.map(({ body }) => body)).toEqual(Array(6).fill('"open"'));
    expect(said.map(({ headers, reused }) => `${reused} ${headers.connection}`)).toEqual(
      Array(3).fill(['false keep-alive', 'true close']).flat(),
    );
    agent.destroy();
  });

  it('harms nobody by that, however many callers share a few', async () => {
    await start('maxRequestsPerConnection: 3');
    const agent = new Agent({ keepAlive: true, maxSockets: 4 });
    const said = await Promise.all(Array.from({ length: 100 }, () => ask(agent)));
    expect(said.every(({ body }) => body === '"open"')).toBe(true);
    agent.destroy();
  });
});
