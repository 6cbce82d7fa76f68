import { afterEach, beforeEach, expect, it } from 'vitest';
import { bearer, type Client, call, clientOf, nobody } from '../../core/client/index.js';
import { defineOperation, problems } from '../../core/operation/index.js';
import type { Binding } from '../../core/plugin/index.js';
import { type Transport, TransportFault } from '../../core/ports/index.js';
import { manualClock, type TestContext } from '../../core/testing/index.js';
import { everyByte, operations, type Toys } from './toys.js';
import { Closing, startBinding, startToys, startTransport, type World } from './worlds.js';

const never = new AbortController().signal;

/** What calls over MQTT promise, whatever the broker. */
export function callsOver(makeWorld: (closing: Closing) => Promise<World>): void {
  const closing = new Closing();
  let world: World;
  let toys: Toys;
  let binding: TestContext<Binding>;
  let transport: Transport;
  let client: Client<typeof operations>;
  const settings = () => ({ transport, prefix: '/toy', credentials: bearer('good') });

  beforeEach(async () => {
    world = await makeWorld(closing);
    toys = await startToys(closing);
    binding = await startBinding(closing, toys, world.host);
    transport = startTransport(closing, world.caller('device-a'));
    client = clientOf(operations, settings());
  });
  afterEach(() => closing.close());

  it('gives values, bytes, items and nothing', async () => {
    expect(await client.add({ a: 2 })).toEqual({ sum: 3 });
    expect(Buffer.from((await client.page({})).bytes).equals(everyByte)).toBe(true);
    const items: unknown[] = [];
    for await (const item of (await client.count({ to: 300 })).items) items.push(item);
    expect(items).toEqual(
      Array.from({ length: 300 }, (_, at) => ({ id: `${at + 1}`, event: 'number', data: { n: at + 1 } })),
    );
    expect(await client.forget({})).toBeUndefined();
  });

  it('tells versions, places, rules for caches, and what has not changed', async () => {
    expect(await call(settings(), operations.add, { a: 3 })).toMatchObject({ etag: 'v4', outcome: 'ok' });
    expect(await call(settings(), operations.make, { name: 'x' })).toMatchObject({
      outcome: 'created',
      location: '/toy/things/1',
    });
    expect(await call(settings(), operations.page, {})).toMatchObject({
      etag: 'sha256:one',
      mediaType: 'application/octet-stream',
      cache: { visibility: 'private', freshness: 'revalidate' },
    });
    expect(await call(settings(), operations.page, {}, { ifNoneMatch: 'sha256:one' })).toEqual({
      kind: 'not-modified',
      etag: 'sha256:one',
    });
  });

  it('throws what the host answers as a problem', async () => {
    await expect(client.add({ a: 1 })).rejects.toMatchObject({
      kind: problems.conflict,
      retryAfterSeconds: 3,
      extensions: { twice: 1 },
    });
    await expect(client.add({ a: 'x' as never })).rejects.toMatchObject({ errors: [{ field: 'a' }] });
    const stranger = clientOf(operations, { ...settings(), credentials: nobody });
    await expect(stranger.forget({})).rejects.toMatchObject({ kind: problems.notAuthenticated });
    const unknown = defineOperation({ ...operations.forget, id: 'toy.unknown' });
    await expect(call(settings(), unknown, {})).rejects.toMatchObject({ kind: problems.notFound });
    await expect(client.make({ name: 'x'.repeat(1024 * 1024) })).rejects.toMatchObject({ kind: problems.tooLarge });
  });

  it('takes no answer that is larger than the caller wants', async () => {
    await expect(call(settings(), operations.page, {}, { answerLimit: 1023 })).rejects.toMatchObject({
      reason: 'invalid',
    });
  });

  it('lets a caller give up, and tells the host', async () => {
    const giveUp = new AbortController();
    const arrived = toys.entered('toy.watch');
    const { items } = await client.watch({}, { signal: giveUp.signal });
    const first = items[Symbol.asyncIterator]().next();
    await arrived;
    giveUp.abort(new Error('enough'));
    await expect(first).rejects.toThrow('enough');
    await expect.poll(() => toys.watching()).toBe(0);
  });

  it('ends a stream that its consumer leaves', async () => {
    const arrived = toys.entered('toy.watch');
    const { items } = await client.watch({});
    const told = (async () => {
      for await (const { data } of items) return data.n;
      return undefined;
    })();
    await arrived;
    toys.tell(7);
    expect(await told).toBe(7);
    await expect.poll(() => toys.watching()).toBe(0);
  });

  it('asks for no more items than its consumer takes', async () => {
    const arrived = toys.entered('toy.watch');
    const { items } = await client.watch({});
    await arrived;
    for (let n = 1; n <= 500; n += 1) toys.tell(n);
    // Answers come in order: what was to be sent before this one has been.
    await client.add({ a: 2 });
    expect(toys.given()).toBeLessThanOrEqual(65);
    let last = 0;
    for await (const { data } of items) {
      expect(data.n).toBe(last + 1);
      last = data.n;
      if (last === 500) break;
    }
  });

  it('goes on after the item that the caller saw last', async () => {
    const seen: (string | undefined)[] = [];
    for await (const { id } of (await client.count({ to: 5 }, { resumeAfter: '3' })).items) seen.push(id);
    expect(seen).toEqual(['4', '5']);
  });

  it('carries a call over the death of the broker, and has its effect once', async () => {
    let release = (): void => undefined;
    toys.hold(
      new Promise((resolve) => {
        release = resolve;
      }),
    );
    const arrived = toys.entered('toy.make');
    const made = client.make({ name: 'x' }, { idempotencyKey: 'one intent' });
    await arrived;
    await world.kill();
    release();
    await world.restart();
    expect(await made).toEqual({ made: 1 });
    expect(toys.made()).toBe(1);
  });

  it('says that nobody knows how a call ended that must not be made again', async () => {
    toys.hold(new Promise(() => undefined));
    const arrived = toys.entered('toy.make');
    const made = client.make({ name: 'x' });
    made.catch(() => undefined);
    await arrived;
    await world.kill();
    await expect(made).rejects.toThrow(/nobody knows how toy.make ended/);
    await expect(made).rejects.toBeInstanceOf(TransportFault);
    await world.restart();
    expect(toys.made()).toBe(0);
  });

  it('breaks a stream with its connection, and goes on over the next one with nothing lost or doubled', async () => {
    const seen: number[] = [];
    let broken: unknown;
    try {
      for await (const { data } of (await client.count({ to: 400 })).items) {
        seen.push(data.n);
        if (data.n === 200) await world.kill();
      }
    } catch (error) {
      broken = error;
    }
    expect(broken).toMatchObject({ reason: 'unreachable' });
    await world.restart();
    await expect.poll(() => binding.instance.health?.().status).toBe('ok');
    for await (const { data } of (await client.count({ to: 400 }, { resumeAfter: String(seen.at(-1)) })).items) {
      seen.push(data.n);
    }
    expect(seen).toEqual(Array.from({ length: 400 }, (_, at) => at + 1));
  });

  it('says what is wrong while the broker is away', async () => {
    await world.kill();
    await expect
      .poll(() => binding.instance.health?.())
      .toMatchObject({ status: 'degraded', reason: expect.any(String) });
    await expect(client.add({ a: 2 })).rejects.toMatchObject({ reason: 'unreachable' });
    await world.restart();
    await expect.poll(() => binding.instance.health?.().status).toBe('ok');
    expect(await client.add({ a: 2 })).toEqual({ sum: 3 });
  });

  it('finishes what is under way when it drains, and ends streams so that they can go on elsewhere', async () => {
    let release = (): void => undefined;
    toys.hold(
      new Promise((resolve) => {
        release = resolve;
      }),
    );
    const arrived = Promise.all([toys.entered('toy.make'), toys.entered('toy.watch')]);
    const made = client.make({ name: 'x' });
    const { items } = await client.watch({});
    const next = items[Symbol.asyncIterator]().next();
    await arrived;
    const drained = binding.instance.drain?.(never);
    expect(await next).toEqual({ done: true, value: undefined });
    release();
    expect(await made).toEqual({ made: 1 });
    await drained;
  });

  it('answers calls that were made while the host was away', async () => {
    expect(await client.add({ a: 2 })).toEqual({ sum: 3 });
    await binding.dispose();
    const waiting = client.make({ name: 'x' }, { idempotencyKey: 'patient' });
    const other = client.add({ a: 40, b: 2 });
    await startBinding(closing, toys, world.host);
    expect(await waiting).toEqual({ made: 1 });
    expect(await other).toEqual({ sum: 42 });
  });

  it('ends a call whose time is over', async () => {
    toys.hold(new Promise(() => undefined));
    await expect(client.make({ name: 'x' }, { timeout: 200 })).rejects.toMatchObject({
      name: expect.stringMatching(/TransportFault|Problem/),
    });
  });

  it('ends streams of callers that give no sign of life', async () => {
    await binding.dispose();
    const clock = manualClock();
    await startBinding(closing, toys, { ...world.host, clock });
    const silent = startTransport(closing, { ...world.caller('device-a'), clock: manualClock() } as never);
    const arrived = toys.entered('toy.watch');
    const { items } = await clientOf(operations, { ...settings(), transport: silent }).watch({});
    const end = items[Symbol.asyncIterator]().next();
    await arrived;
    await clock.advance(119_000);
    expect(toys.watching()).toBe(1);
    await clock.advance(31_000);
    await expect.poll(() => toys.watching()).toBe(0);
    await end.catch(() => undefined);
  });
}
