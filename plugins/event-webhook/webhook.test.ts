import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer, type IncomingHttpHeaders, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import {
  collection,
  type EventBus,
  eventType,
  type Lifecycle,
  SecretFault,
  StateFault,
  type StateProvider,
} from 'tutti/plugin';
import {
  cases,
  type ManualClock,
  manualClock,
  memoryEvents,
  memoryState,
  type RecordingLogger,
  recordingLogger,
  type TestContext,
  testContext,
} from 'tutti/testing';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { outcomeOf, waitBefore } from './attempt.ts';
import conformance from './conformance.ts';
import definition from './index.ts';
import { signedFields } from './signature.ts';

for (const { name, run } of cases(conformance)) test(name, run);

const secret = `whsec_${Buffer.alloc(32, 7).toString('base64')}`;
const changed = eventType<{ readonly id: string }>('device.changed');
const minute = 60_000;
const hour = 60 * minute;

/** What came in, and what is answered: as told, then 204. */
class Receiver {
  readonly got: { readonly headers: IncomingHttpHeaders; readonly body: string }[] = [];
  readonly answers: { readonly status: number; readonly retryAfter?: string }[] = [];
  /** While it is set, nothing is answered. */
  silent = false;
  readonly #server: Server = createServer(async (request, response) => {
    this.got.push({ headers: request.headers, body: await text(request) });
    if (this.silent) return;
    const { status, retryAfter } = this.answers.shift() ?? { status: 204 };
    response.writeHead(status, retryAfter === undefined ? {} : { 'retry-after': retryAfter }).end('thank you');
  });

  async listen(): Promise<string> {
    this.#server.listen(0, '127.0.0.1');
    await once(this.#server, 'listening');
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}/hooks?token=hidden`;
  }

  async close(): Promise<void> {
    this.#server.closeAllConnections();
    this.#server.close();
    await once(this.#server, 'close');
  }

  ids(): unknown[] {
    return this.got.map(({ headers }) => headers['webhook-id']);
  }

  /** The ids of the devices in what came in. */
  devices(): string[] {
    return this.got.map(({ body }) => (JSON.parse(body) as { data: { id: string } }).data.id);
  }
}

let receiver: Receiver;
let url: string;
let folder: string;
let clock: ManualClock;
let log: RecordingLogger;
let events: EventBus;
let state: StateProvider;
let webhook: TestContext<Lifecycle>;

beforeEach(async () => {
  receiver = new Receiver();
  url = await receiver.listen();
  folder = await mkdtemp(join(tmpdir(), 'webhook-'));
  await writeFile(join(folder, 'secret'), `${secret}\n`);
  clock = manualClock(Date.UTC(2026, 0, 1, 12));
  log = recordingLogger();
  events = memoryEvents();
  state = memoryState();
  webhook = await open();
});
afterEach(async () => {
  await webhook.dispose();
  await receiver.close();
  await rm(folder, { recursive: true });
});

async function open(more: object = {}, uses: object = {}): Promise<TestContext<Lifecycle>> {
  const config = { url, events: ['device.changed'], secretFile: join(folder, 'secret'), ...more };
  const context = await testContext<Lifecycle>(definition, {
    ...{ config, clock, log, name: 'hooks', dataDir: folder },
    uses: { events, state, ...uses },
  });
  await context.start();
  return context;
}

/** Waits for what comes over the network. */
const eventually = (look: () => void | Promise<void>): Promise<void> => vi.waitFor(look, { timeout: 30_000 });
const warned = (times: number): Promise<void> =>
  eventually(() => expect(log.lines.filter(({ level }) => level === 'warn')).toHaveLength(times));
const received = (times: number): Promise<void> => eventually(() => expect(receiver.got).toHaveLength(times));
const waiting = async (): Promise<number> => {
  return state.count(collection('webhook-outbox-hooks'));
};

describe('an event', () => {
  test('is posted as a CloudEvent that its receiver can verify', async () => {
    await events.publish(changed, { id: 'd1' });
    await received(1);
    const [{ headers, body } = { headers: {}, body: '' }] = receiver.got;
    expect(headers['content-type']).toBe('application/cloudevents+json; charset=utf-8');
    expect(JSON.parse(body)).toEqual({
      specversion: '1.0',
      id: headers['webhook-id'],
      source: '/tutti',
      type: 'dev.tutti.device.changed',
      time: '2026-01-01T12:00:00.000Z',
      datacontenttype: 'application/json',
      data: { id: 'd1' },
    });
    expect(headers).toMatchObject(signedFields(secret, String(headers['webhook-id']), clock.now(), body));
    await eventually(async () => expect(await waiting()).toBe(0));
  });

  test('is posted only if its name is in the config', async () => {
    await events.publish(eventType('device.unheard-of'), {});
    await events.publish(changed, { id: 'd1' });
    await received(1);
    expect(receiver.devices()).toEqual(['d1']);
  });

  test.each([500, 503, 401, 404, 302, 408, 429])('is posted again after %i, under the same id', async (status) => {
    receiver.answers.push({ status }, { status });
    await events.publish(changed, { id: 'd1' });
    await warned(1);
    expect(webhook.instance.health?.()).toEqual({
      status: 'degraded',
      reason: `events wait: the receiver answered ${status}`,
    });
    await clock.advance(5_000);
    await warned(2);
    await clock.advance(10_000);
    await received(3);
    expect(new Set(receiver.ids()).size).toBe(1);
    await eventually(() => expect(webhook.instance.health?.()).toEqual({ status: 'ok' }));
  });

  test('is signed anew on each attempt, with the secret of then', async () => {
    receiver.answers.push({ status: 500 });
    await events.publish(changed, { id: 'd1' });
    await warned(1);
    const other = `whsec_${Buffer.alloc(32, 8).toString('base64')}`;
    await writeFile(join(folder, 'secret'), other);
    await clock.advance(5_000);
    await received(2);
    const [, { headers, body } = { headers: {}, body: '' }] = receiver.got;
    // Signed when the pause was over, which jitter puts before the end of the move.
    const signedAt = Number(headers['webhook-timestamp']) * 1000;
    expect(headers).toMatchObject(signedFields(other, String(headers['webhook-id']), signedAt, body));
  });

  test.each([400, 413, 415, 422])('that is refused with %i is dropped, and the next one is posted', async (status) => {
    receiver.answers.push({ status });
    await events.publish(changed, { id: 'd1' });
    await events.publish(changed, { id: 'd2' });
    await received(2);
    expect(receiver.devices()).toEqual(['d1', 'd2']);
    expect(log.lines).toContainEqual(expect.objectContaining({ level: 'error' }));
    await eventually(async () => expect(await waiting()).toBe(0));
  });

  test('waits for those before it: nothing overtakes', async () => {
    receiver.answers.push({ status: 500 });
    for (const id of ['d1', 'd2', 'd3']) await events.publish(changed, { id });
    await warned(1);
    await clock.advance(5_000);
    await received(4);
    expect(receiver.devices()).toEqual(['d1', 'd1', 'd2', 'd3']);
  });

  test('waits as long as the receiver asks', async () => {
    receiver.answers.push({ status: 503, retryAfter: '120' });
    await events.publish(changed, { id: 'd1' });
    await warned(1);
    await clock.advance(2 * minute - 1);
    expect({ posted: receiver.got.length, waits: clock.waiting }).toEqual({ posted: 1, waits: 1 });
    await clock.advance(1);
    await received(2);
  });

  test('is posted again when nothing is answered in time', async () => {
    receiver.silent = true;
    await events.publish(changed, { id: 'd1' });
    await received(1);
    await clock.advance(15_000);
    await warned(1);
    expect(webhook.instance.health?.().reason).toBe('events wait: no answer within 15 seconds');
    receiver.silent = false;
    await clock.advance(5_000);
    await received(2);
  });

  test('is given up after days, with a line in the log', async () => {
    await webhook.dispose();
    webhook = await open({ giveUpHours: 1 });
    receiver.answers.push({ status: 500, retryAfter: '3600' }, { status: 500 });
    await events.publish(changed, { id: 'd1' });
    await warned(1);
    await clock.advance(hour);
    await eventually(async () => expect(await waiting()).toBe(0));
    const reason = 'the receiver answered 500';
    const fields = expect.objectContaining({ attempt: 2, reason });
    expect(log.lines).toContainEqual({ level: 'error', message: 'an event is given up', fields });
    expect(webhook.instance.health?.().reason).toBe(`an event was given up after 1 h: ${reason}`);
  });

  test('is kept when the host ends without a word, and posted by the next one', async () => {
    receiver.silent = true;
    await events.publish(changed, { id: 'd1' });
    await received(1);
    // As after kill -9: nothing of the first is stopped. The next one has the same state, and a bus of its own.
    const killed = webhook;
    receiver.silent = false;
    events = memoryEvents();
    webhook = await open();
    await received(2);
    expect(new Set(receiver.ids()).size).toBe(1);
    await killed.dispose();
  });

  test('is acknowledged only when it is kept', async () => {
    await webhook.dispose();
    const commits: (() => void)[] = [];
    const slow: StateProvider = {
      ...state,
      commit: async (changes) => {
        await new Promise<void>((resolve) => commits.push(resolve));
        return state.commit(changes);
      },
    };
    let handled = false;
    const watched: EventBus = {
      ...events,
      subscribe: (type, group, handler) =>
        events.subscribe(type, group, async (payload, meta) => {
          await handler(payload, meta);
          handled = true;
        }),
    };
    webhook = await open({}, { state: slow, events: watched });
    await events.publish(changed, { id: 'd1' });
    await eventually(() => expect(commits).toHaveLength(1));
    expect(handled).toBe(false);
    for (const commit of commits.splice(0)) commit();
    await eventually(() => expect(handled).toBe(true));
    // The one that takes it out again.
    await eventually(() => expect(commits).toHaveLength(1));
    for (const commit of commits) commit();
  });
});

describe('a state that is full', () => {
  const full = () => Promise.reject(new StateFault('full', 'no space'));
  const degraded = { status: 'degraded', reason: 'the outbox cannot be used: no space' };
  const failed = (times: number): Promise<void> =>
    eventually(() => expect(log.lines.filter(({ level }) => level === 'error')).toHaveLength(times));

  test('delays what waits until it is read, and not for ever', async () => {
    await webhook.dispose();
    let isFull = true;
    const list: StateProvider['list'] = (from, query) => (isFull ? full() : state.list(from, query));
    webhook = await open({}, { state: { ...state, list } });
    await failed(1);
    expect(webhook.instance.health?.()).toEqual(degraded);
    await clock.advance(5_000);
    await failed(2);
    isFull = false;
    await clock.advance(10_000);
    await eventually(() => expect(webhook.instance.health?.()).toEqual({ status: 'ok' }));
    await events.publish(changed, { id: 'd1' });
    await received(1);
  });

  test('has no event posted twice that cannot be taken out, nor the next one held up for ever', async () => {
    await webhook.dispose();
    let isFull = true;
    const commit: StateProvider['commit'] = (changes) =>
      isFull && changes.some(({ kind }) => kind === 'delete') ? full() : state.commit(changes);
    webhook = await open({}, { state: { ...state, commit } });
    for (const id of ['d1', 'd2']) await events.publish(changed, { id });
    await failed(1);
    await clock.advance(5_000);
    await failed(2);
    expect(webhook.instance.health?.()).toEqual(degraded);
    expect(receiver.devices()).toEqual(['d1']);
    isFull = false;
    await clock.advance(10_000);
    await received(2);
    expect(receiver.devices()).toEqual(['d1', 'd2']);
    await eventually(() => expect(webhook.instance.health?.()).toEqual({ status: 'ok' }));
  });
});

test('a receiver that is gone is asked no more, until the next start', async () => {
  receiver.answers.push({ status: 410 });
  await events.publish(changed, { id: 'd1' });
  await eventually(() => expect(webhook.instance.health?.().reason).toContain('410'));
  await events.publish(changed, { id: 'd2' });
  await clock.advance(24 * hour);
  expect(receiver.devices()).toEqual(['d1']);
  await webhook.dispose();
  webhook = await open();
  await received(2);
  expect(receiver.devices()).toEqual(['d1', 'd1']);
});

test('what is more than the limit is dropped, and told', async () => {
  await webhook.dispose();
  webhook = await open({ limit: 2 });
  receiver.answers.push({ status: 500, retryAfter: '3600' });
  for (const id of ['d1', 'd2', 'd3']) await events.publish(changed, { id });
  await eventually(() => expect(webhook.instance.health?.().reason).toContain('1 events were dropped'));
  await clock.advance(hour);
  await received(3);
  expect(receiver.devices()).toEqual(['d1', 'd1', 'd2']);
});

test('the secret comes from the provider of secrets, and is waited for', async () => {
  await webhook.dispose();
  const asked: string[] = [];
  const secrets = {
    get: async (name: string): Promise<string> => {
      asked.push(name);
      if (asked.length === 1) throw new SecretFault('unreachable', 'the vault is sealed');
      return secret;
    },
  };
  webhook = await open({ secretFile: undefined, secretName: 'hooks/plant' }, { secrets });
  await events.publish(changed, { id: 'd1' });
  await warned(1);
  expect(webhook.instance.health?.().reason).toBe('events wait: the vault is sealed');
  await clock.advance(5_000);
  await received(1);
  expect(asked).toEqual(['hooks/plant', 'hooks/plant']);
});

test('a secret that is none is told of, and never shown', async () => {
  await writeFile(join(folder, 'secret'), 'hunter2-hunter2');
  await events.publish(changed, { id: 'd1' });
  await warned(1);
  expect(webhook.instance.health?.().reason).toContain('the signing secret is not whsec_');
  const said = JSON.stringify([log.lines, webhook.instance.health?.()]);
  for (const hidden of ['hunter2', 'token=hidden']) expect(said).not.toContain(hidden);
  expect(receiver.got).toEqual([]);
});

test('a name of a secret needs a provider of secrets', async () => {
  await expect(open({ secretFile: undefined, secretName: 'hooks/plant' })).rejects.toThrow('no provider of secrets');
});

describe('the config', () => {
  const good = { url: 'https://hooks.example/x', events: ['device.changed'], secretFile: 'secret' };
  test.each([
    ['another host without TLS', { url: 'http://hooks.example/x' }],
    ['credentials', { url: 'https://me:secret@hooks.example/x' }],
    ['no URL', { url: 'hooks' }],
    ['no events', { events: [] }],
    ['an event twice', { events: ['device.changed', 'device.changed'] }],
    ['a name that is none', { events: ['Device changed'] }],
    ['two secrets', { secretName: 'x' }],
    ['no secret', { secretFile: undefined }],
    ['an unknown key', { retries: 3 }],
  ])('cannot have %s', (_, more) => expect(definition.config.safeParse({ ...good, ...more }).success).toBe(false));

  test.each(['https://hooks.example/x', 'http://localhost:8008', 'http://[::1]:8008/x', 'http://127.0.0.1/'])(
    'can have %s',
    (text) => expect(definition.config.safeParse({ ...good, url: text }).success).toBe(true),
  );
});

test('signs as Standard Webhooks does', () => {
  // From the test vectors of its libraries.
  const key = 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw';
  const fields = signedFields(key, 'msg_p5jXN8AQM9LWM0D4loKWxJek', 1_614_265_330_000, '{"test": 2432232314}');
  expect(fields['webhook-signature']).toBe('v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=');
  expect(fields['webhook-timestamp']).toBe('1614265330');
});

test('waits longer and longer, up to an hour; as long as it is asked to, up to a day', () => {
  expect([1, 2, 3, 50].map((attempt) => waitBefore(attempt, undefined, 1))).toEqual([5_000, 10_000, 20_000, hour]);
  expect(waitBefore(3, undefined, 0)).toBe(10_000);
  expect(waitBefore(1, 2 * hour, 0)).toBe(2 * hour);
  expect(waitBefore(1, 1_000 * hour, 0)).toBe(24 * hour);
});

test('reads when to come again', () => {
  const now = Date.UTC(2026, 0, 1, 12);
  const later = (text: string) => outcomeOf(503, text, now);
  expect(later('7')).toMatchObject({ retryAfter: 7_000 });
  expect(later('Thu, 01 Jan 2026 12:00:09 GMT')).toMatchObject({ retryAfter: 9_000 });
  expect(later('Thu, 01 Jan 2026 11:00:00 GMT')).toMatchObject({ retryAfter: 0 });
  expect(later('soon')).not.toHaveProperty('retryAfter');
});
