import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { bearer, call, clientOf, nobody } from '../../core/client/index.js';
import { Closing, startBinding, startBroker, startToys, startTransport } from './embedded.js';
import { everyByte, operations, type Toys } from './toys.js';

const closing = new Closing();
let toys: Toys;
let url: string;

beforeEach(async () => {
  toys = await startToys(closing);
  const { instance } = await startBroker(closing);
  await startBinding(closing, toys, { broker: instance });
  url = instance.addresses()[0] ?? '';
});
afterEach(() => closing.close());

const settings = (options: object = {}) => ({
  transport: startTransport(closing, { url, ...options }),
  prefix: '/toy',
  credentials: nobody,
});

describe('calls by way of the embedded broker', () => {
  it('gives values, bytes, items and nothing', async () => {
    const client = clientOf(operations, { ...settings(), credentials: bearer('good') });
    expect(await client.add({ a: 2 })).toEqual({ sum: 3 });
    expect((await client.page({})).bytes).toEqual(Buffer.from(everyByte));
    const items: unknown[] = [];
    for await (const item of (await client.count({ to: 1000 })).items) items.push(item);
    expect(items).toHaveLength(1000);
    expect(items[999]).toEqual({ id: '1000', event: 'number', data: { n: 1000 } });
    expect(await client.forget({})).toBeUndefined();
  });

  it('tells versions, and what has not changed', async () => {
    expect(await call(settings(), operations.page, {}, { ifNoneMatch: 'sha256:one' })).toEqual({
      kind: 'not-modified',
      etag: 'sha256:one',
    });
  });
});
