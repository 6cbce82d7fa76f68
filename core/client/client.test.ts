import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import {
  type Authenticator,
  anyone,
  atLeast,
  defineOperation,
  empty,
  Gate,
  ok,
  Problem,
  problems,
  representation,
  type ServedOperation,
  type Surface,
  serve,
  stream,
} from '../operation/index.js';
import { silentLogger } from '../testing/loggers.js';
import { bearer, call, clientOf, memoryTransport, nobody } from './index.js';

const shared = { problems: [problems.conflict], idempotency: 'safe', access: anyone } as const;
const operations = {
  add: defineOperation({
    ...shared,
    id: 'toy.add',
    summary: 'Adds',
    input: z.strictObject({ a: z.number(), b: z.number().default(1) }),
    output: { kind: 'value', schema: z.object({ sum: z.number() }) },
    http: { method: 'POST', path: '/add' },
  }),
  page: defineOperation({
    ...shared,
    id: 'toy.page',
    summary: 'Bytes',
    input: z.strictObject({}),
    output: { kind: 'representation', mediaTypes: ['text/plain'] },
    http: { method: 'GET', path: '/page' },
  }),
  count: defineOperation({
    ...shared,
    id: 'toy.count',
    summary: 'Counts',
    input: z.strictObject({ to: z.number() }),
    output: { kind: 'stream', schema: z.object({ n: z.number() }) },
    http: { method: 'GET', path: '/count', query: ['to'] },
  }),
  forget: defineOperation({
    ...shared,
    access: atLeast('admin'),
    id: 'toy.forget',
    summary: 'Forgets',
    input: z.strictObject({}),
    output: { kind: 'empty' },
    http: { method: 'DELETE', path: '/' },
  }),
} as const;

async function* counted(to: number): AsyncGenerator<{ id: string; data: { n: number } }> {
  for (let n = 1; n <= to; n++) yield { id: String(n), data: { n } };
}

const served: ServedOperation[] = [
  serve(operations.add, ({ input: { a, b } }) => {
    if (a === b) throw new Problem(problems.conflict, 'the same', { extensions: { twice: a } });
    return ok({ sum: a + b }, `v${a + b}`);
  }),
  serve(operations.page, () => representation(Buffer.from('hello'), 'text/plain', { etag: 'one' })),
  serve(operations.count, ({ input, resumeAfter = '0' }) => stream(counted(Number(resumeAfter) + input.to))),
  serve(operations.forget, () => empty),
];
const tokens: Authenticator = {
  scheme: 'bearer',
  makes: 'user',
  challenge: 'Bearer',
  authenticate: ({ headers }) =>
    headers['authorization'] === 'Bearer good' ? { kind: 'user', id: 'me', roles: ['admin'] } : undefined,
};
const surface: Surface = {
  operations: served.map((one) => ({ ...one, vendor: 'toy', prefix: '/toy' })),
  mounts: [],
  gate: new Gate([tokens], silentLogger()),
};
const settings = { transport: memoryTransport(surface), prefix: '/toy', credentials: nobody };

describe('a typed client', () => {
  const client = clientOf(operations, settings);

  it('gives values, bytes, items and nothing', async () => {
    const { sum } = await client.add({ a: 2 });
    expect(sum).toBe(3);
    expect(Buffer.from((await client.page({})).bytes).toString()).toBe('hello');
    const items: number[] = [];
    for await (const { data } of (await client.count({ to: 3 })).items) items.push(data.n);
    expect(items).toEqual([1, 2, 3]);
    const admin = clientOf(operations, { ...settings, credentials: bearer('good') });
    expect(await admin.forget({})).toBeUndefined();
  });

  it('throws what the other side answered as a problem', async () => {
    await expect(client.add({ a: 1 })).rejects.toMatchObject({ kind: problems.conflict, extensions: { twice: 1 } });
    await expect(client.forget({})).rejects.toMatchObject({ kind: problems.notAuthenticated });
    await expect(client.add({ a: 'x' as never })).rejects.toMatchObject({ errors: [{ field: 'a' }] });
  });

  it('tells versions, and what has not changed', async () => {
    expect(await call(settings, operations.add, { a: 3 })).toMatchObject({ etag: 'v4', outcome: 'ok' });
    expect(await call(settings, operations.page, {}, { ifNoneMatch: 'one' })).toEqual({
      kind: 'not-modified',
      etag: 'one',
    });
  });

  it('makes a key for what has its effect at each call, unless the caller has one', async () => {
    const keys: (string | undefined)[] = [];
    const transport: typeof settings.transport = {
      ...settings.transport,
      call: async (outgoing) => {
        keys.push(outgoing.headers['idempotency-key']);
        return { kind: 'empty' };
      },
    };
    const once = { forget: defineOperation({ ...operations.forget, idempotency: 'once' }), safe: operations.forget };
    const keyed = clientOf(once, { ...settings, transport, idempotencyKey: () => 'made' });
    await keyed.forget({});
    await keyed.forget({}, { idempotencyKey: 'mine' });
    await keyed.safe({});
    await clientOf(once, { ...settings, transport }).forget({});
    expect(keys).toEqual(['made', 'mine', undefined, undefined]);
  });

  it('heeds its own signal and that of a call', async () => {
    for (const whose of ['client', 'call'] as const) {
      const end = new AbortController();
      const endless = clientOf(operations, { ...settings, ...(whose === 'client' && { signal: end.signal }) });
      end.abort(new Error('enough'));
      const options = whose === 'call' ? { signal: end.signal } : {};
      await expect(endless.add({ a: 2 }, options)).rejects.toThrow('enough');
    }
  });
});
