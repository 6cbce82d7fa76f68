import { afterAll, beforeAll, expect, it } from 'vitest';
import { anyone, defineOperation, defineVendor, ok, Problem, problems, serve, z } from '../../core/plugin/index.js';
import { startTestHost, type TestHost } from '../../core/testing/host.js';
import http, { httpMount } from './index.js';

const base = {
  problems: [],
  access: anyone,
  idempotency: 'once',
  input: z.strictObject({ fail: z.enum(['ours', 'yours']).optional() }),
  output: { kind: 'value', schema: z.unknown() },
} as const;
const speak = defineOperation({
  ...base,
  id: 'toy.speak',
  summary: 'Writes a line',
  http: { method: 'POST', path: '/speak', query: ['fail'] },
});
const toy = defineVendor({
  type: 'vendor.toy',
  version: '1.0.0',
  create: ({ log }) => ({
    operations: [
      serve(speak, async ({ input: { fail }, correlationId }) => {
        await Promise.resolve();
        log.info('spoken');
        if (fail === 'yours') throw new Problem(problems.conflict, 'not now');
        if (fail === 'ours') throw new Error('broken');
        return ok(correlationId);
      }),
    ],
    mounts: [
      httpMount('/raw', async (_request, response, { correlationId }) => {
        await Promise.resolve();
        log.info('spoken in a mount');
        response.end(correlationId);
      }),
    ],
  }),
});

let host: TestHost;
beforeAll(async () => {
  host = await startTestHost({
    definitions: [toy, http],
    profile:
      'profile: toys\nvendors: { toy: { type: vendor.toy } }\nbindings: { http: { type: binding.http, config: { tls: off, port: 0 } } }',
  });
});
afterAll(() => host.stop());

const field = 'x-correlation-id';
const post = (path: string, id?: string): Promise<Response> =>
  fetch(host.url + path, { method: 'POST', ...(id !== undefined && { headers: { [field]: id } }) });
const linesOf = (id: string): string[] =>
  host
    .log()
    .split('\n')
    .filter((line) => line.includes(`"correlationId":${JSON.stringify(id)}`))
    .map((line) => (JSON.parse(line) as { message: string }).message);

it('goes from the request into handler, log and response', async () => {
  const reply = await post('/speak', 'shift:7.a_b-c');
  expect(reply.headers.get(field)).toBe('shift:7.a_b-c');
  expect(await reply.json()).toBe('shift:7.a_b-c');
  expect(linesOf('shift:7.a_b-c')).toEqual(['spoken']);
});

it('comes with every problem, so that its lines can be found', async () => {
  for (const fail of ['ours', 'yours']) {
    const id = (await post(`/speak?fail=${fail}`)).headers.get(field) ?? '';
    expect(linesOf(id)).toContain('spoken');
    if (fail === 'ours') expect(linesOf(id)).toContain('toy.speak failed');
  }
  expect((await post('/speak?fail=maybe')).headers.get(field)).toMatch(/^[\w-]{36}$/);
});

it('is a new one each time, and not told, where the request has none that is fit for a log', async () => {
  const seen = new Set<unknown>();
  for (const id of [undefined, '', 'a b', 'ä', 'x'.repeat(129), '{"level":"error"}']) {
    const reply = await post('/speak', id);
    expect(reply.headers.get(field)).toBeNull();
    seen.add(await reply.json());
  }
  expect(seen.size).toBe(6);
  for (const id of seen) expect(linesOf(String(id))).toEqual(['spoken']);
});

it('goes through a mount in the same way', async () => {
  const reply = await post('/raw', 'push-1');
  expect(reply.headers.get(field)).toBe('push-1');
  expect(await reply.text()).toBe('push-1');
  expect(linesOf('push-1')).toEqual(['spoken in a mount']);
  const other = await (await post('/raw')).text();
  expect(linesOf(other)).toEqual(['spoken in a mount']);
});
