import { beforeEach, describe, expect, it } from 'vitest';
import { Gate } from '../../core/operation/index.js';
import { anyone, defineOperation, ok, type Surface, serve, stream, z } from '../../core/plugin/index.js';
import { manualClock } from '../../core/testing/clock.js';
import { silentLogger } from '../../core/testing/loggers.js';
import { Calls } from './calls.js';
import { config } from './config.js';
import { type Message, type Reply, readReply } from './wire/index.js';

const shared = { input: z.object({}), problems: [], access: anyone, idempotency: 'once' } as const;
const value = { kind: 'value', schema: z.unknown() } as const;
const make = defineOperation({
  ...shared,
  id: 'toy.make',
  summary: 'Counts its effects',
  output: value,
  http: { method: 'POST', path: '/make' },
});
const unspeakable = defineOperation({
  ...shared,
  id: 'toy.unspeakable',
  summary: 'Answers what JSON has no word for',
  output: value,
  http: { method: 'POST', path: '/unspeakable' },
});
const watch = defineOperation({
  ...shared,
  id: 'toy.watch',
  summary: 'Goes on until it is ended',
  output: { kind: 'stream', schema: z.unknown() },
  http: { method: 'GET', path: '/watch' },
});

let effects: number;
let watching: number;
let replies: Reply[];
let calls: Calls;

async function* until(signal: AbortSignal): AsyncGenerator<{ data: number }> {
  watching += 1;
  await new Promise<void>((resolve) => signal.addEventListener('abort', () => resolve(), { once: true }));
  watching -= 1;
  yield* [];
}

beforeEach(() => {
  [effects, watching, replies] = [0, 0, []];
  const served = [
    serve(make, () => ok({ n: ++effects })),
    serve(unspeakable, () => ok({ n: 1n })),
    serve(watch, ({ signal }) => stream(until(signal))),
  ];
  const surface: Surface = {
    operations: served.map((one) => ({ ...one, vendor: 'toy', prefix: '' })),
    mounts: [],
    gate: new Gate([], silentLogger()),
  };
  calls = new Calls({
    surface,
    log: silentLogger(),
    clock: manualClock(),
    root: 'tutti',
    bodyLimit: 1024,
    maxCalls: 10,
    maxStreams: 10,
    streamIdleTimeout: 120_000,
    proven: () => ({}),
    publish: async (message) => {
      const read = readReply(message);
      if (read) replies.push(read.reply);
    },
  });
});

const from = (name: string, operation: string, id: string): Message => ({
  topic: `tutti/${name}/call/${operation}`,
  payload: Buffer.from(`${JSON.stringify({ id, replyTo: `tutti/${name}/reply/s` })}\n{}`),
});
const answers = (count: number): Promise<unknown> => expect.poll(() => replies.length).toBe(count);
const texts = (): string[] => replies.map(({ body }) => Buffer.from(body).toString());

describe('calls that come again', () => {
  it('are answered as before, however many calls of strangers are refused meanwhile', async () => {
    calls.receive(from('alice', 'toy.make', '1'));
    await answers(1);
    for (let n = 0; n < 5000; n++) calls.receive(from('mallory', `nothing-${n}`, String(n)));
    await answers(5001);
    calls.receive(from('alice', 'toy.make', '1'));
    await answers(5002);
    expect(texts().at(-1)).toBe('{"n":1}');
    expect(effects).toBe(1);
  });

  it('do not begin a second stream beside the one under way', async () => {
    calls.receive(from('alice', 'toy.watch', 'w'));
    await expect.poll(() => watching).toBe(1);
    for (let n = 0; n < 5000; n++) calls.receive(from('mallory', `nothing-${n}`, String(n)));
    calls.receive(from('alice', 'toy.watch', 'w'));
    calls.receive({ topic: 'tutti/alice/control', payload: Buffer.from('{"type":"gone","session":"s"}') });
    await expect.poll(() => watching).toBe(0);
    await calls.stop();
  });
});

it('a call whose answer cannot be written is answered all the same', async () => {
  calls.receive(from('alice', 'toy.unspeakable', '1'));
  await answers(1);
  expect(replies[0]).toMatchObject({ kind: 'problem', fields: { status: 500 } });
  expect(texts()[0]).not.toContain('BigInt');
});

it('names of operations that callers make up do not come back at any length', async () => {
  calls.receive(from('mallory', 'x'.repeat(60_000), '1'));
  await answers(1);
  expect(texts()[0]?.length).toBeLessThan(1000);
});

it('names count as certificates only where a broker elsewhere takes them from there', () => {
  const refused = config.safeParse({ names: 'certificates' });
  expect(refused.error?.issues).toMatchObject([{ path: ['names'] }]);
  expect(config.safeParse({ names: 'certificates', url: 'mqtts://broker.example' }).success).toBe(true);
});
