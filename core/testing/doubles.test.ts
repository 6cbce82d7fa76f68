import { existsSync } from 'node:fs';
import { expect, test } from 'vitest';
import { definePort, defineProvider, eventType, every, optional, ref, z } from '../plugin/index.js';
import {
  formatReport,
  manualClock,
  memoryEvents,
  memoryState,
  recordingLogger,
  runKit,
  stateKit,
  testContext,
} from './index.js';

interface Greeter {
  greet(): string;
}
const Greeter = definePort<Greeter>('greeter', 'Says hello');
const Names = ref<{ first(): string }>('names');
const hello = defineProvider({
  port: Greeter,
  type: 'greeter.hello',
  version: '1.0.0',
  config: z.strictObject({ greeting: z.string().default('hello') }),
  uses: { names: Names, maybe: optional(Names), all: every(Names) },
  create: ({ config, uses, log }) => ({
    start: () => log.info('started', { all: uses.all.size, maybe: uses.maybe }),
    greet: () => `${config.greeting} ${uses.names.first()}`,
  }),
});
const names = { first: () => 'Ada' };

test('a test context makes an instance with its config, uses and log', async () => {
  const log = recordingLogger();
  const context = await testContext<Greeter>(hello, { uses: { names }, log });
  await context.start();
  expect(context.instance.greet()).toBe('hello Ada');
  expect(log.lines).toEqual([{ level: 'info', message: 'started', fields: { all: 0, maybe: undefined } }]);
  expect(existsSync(context.dataDir)).toBe(true);
  await context.dispose();
  expect(existsSync(context.dataDir)).toBe(false);
});

test('a test context refuses what a host would refuse', async () => {
  await expect(testContext(hello, { uses: { names }, config: { greting: 'hi' } })).rejects.toThrow('greting');
  await expect(testContext(hello)).rejects.toThrow('greeter.hello needs names (names)');
  await expect(testContext(hello, { uses: { names, others: 1 } })).rejects.toThrow('does not use others');
});

test('a manual clock ends delays in their order, those begun on the way included', async () => {
  const clock = manualClock(1_000);
  const ended: string[] = [];
  const wait = async (name: string, milliseconds: number): Promise<void> => {
    await clock.delay(milliseconds);
    ended.push(`${name} at ${clock.now()}`);
  };
  const late = wait('late', 500);
  const early = wait('early', 100).then(() => wait('next', 100));
  await clock.advance(99);
  expect(ended).toEqual([]);
  await clock.advance(301);
  expect(ended).toEqual(['early at 1100', 'next at 1200']);
  expect([clock.now(), clock.waiting]).toEqual([1_400, 1]);
  await clock.advance(1_000);
  await Promise.all([late, early]);
  expect(ended.at(-1)).toBe('late at 1500');
});

test('a manual clock ends delays by their time, not by their beginning', async () => {
  const clock = manualClock();
  const ended: number[] = [];
  for (const milliseconds of [300, 100, 200]) void clock.delay(milliseconds).then(() => ended.push(milliseconds));
  await clock.advance(300);
  expect(ended).toEqual([100, 200, 300]);
});

test('a manual clock rejects an aborted delay with the reason', async () => {
  const clock = manualClock();
  const controller = new AbortController();
  const delay = clock.delay(10, controller.signal);
  controller.abort(new Error('enough'));
  await expect(delay).rejects.toThrow('enough');
  await expect(clock.delay(10, controller.signal)).rejects.toThrow('enough');
  expect(clock.waiting).toBe(0);
});

test('the state for tests keeps the promises of a state that lasts as long as its process', async () => {
  const make = async () => ({ instance: memoryState(), dispose: async () => undefined });
  const report = await runKit(stateKit, make, { levels: ['basic', 'concurrent', 'model'], histories: 20 });
  expect(report.failed, formatReport(report)).toBe(0);
  expect(report.passed).toBeGreaterThan(20);
});

test('the bus for tests delivers in order, once to each group, and again to a handler that throws', async () => {
  const bus = memoryEvents();
  const type = eventType<number>('test.number');
  const seen: string[] = [];
  const attempts: number[] = [];
  const one = bus.subscribe(type, 'one', (payload, { attempt }) => {
    attempts.push(attempt);
    if (payload === 1 && attempt < 3) throw new Error('not now');
    seen.push(`one ${payload}`);
  });
  const two = [1, 2].map(() => bus.subscribe(type, 'two', (payload) => void seen.push(`two ${payload}`)));
  await bus.publish(type, 1);
  await bus.publish(type, 2);
  await expect.poll(() => seen.length).toBe(4);
  await one.close();
  await Promise.all(two.map((each) => each.close()));
  await bus.publish(type, 3);
  expect(seen.toSorted()).toEqual(['one 1', 'one 2', 'two 1', 'two 2']);
  expect(attempts).toEqual([1, 2, 3, 1]);
});
