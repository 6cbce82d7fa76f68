import { setImmediate } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { correlated, correlationId } from '../../../core/correlation/index.js';
import { type EventBus, eventType } from '../../../core/plugin/index.js';
import { cases, conformance, manualClock, recordingLogger, testContext } from '../../../core/testing/index.js';
import memory from './index.js';

const happened = eventType<number>('happened');

for (const { name, run } of cases(conformance({ definition: memory }))) test(name, run);

async function bus(config: object = {}) {
  const clock = manualClock();
  const log = recordingLogger();
  const { instance } = await testContext<EventBus>(memory, { config, clock, log });
  return { instance, clock, log };
}

test('waits twice as long before each attempt, up to the cap', async () => {
  const { instance, clock } = await bus({ firstDelay: 100, maxDelay: 350 });
  const began = clock.now();
  const times: number[] = [];
  instance.subscribe(happened, 'one', () => {
    times.push(clock.now() - began);
    throw new Error('no');
  });
  await instance.publish(happened, 1);
  await clock.advance(1_400);
  expect(times).toEqual([0, 100, 300, 650, 1_000, 1_350]);
  await instance.stop?.(AbortSignal.timeout(1_000));
});

test('is degraded with a reason while a handler fails, and logs each attempt under the publisher id', async () => {
  const { instance, clock, log } = await bus();
  let broken = true;
  instance.subscribe(happened, 'one', () => {
    if (broken) throw new Error('no disk');
  });
  await correlated('call-1', () => instance.publish(happened, 1));
  await clock.advance(150);
  expect(instance.health?.()).toEqual({
    status: 'degraded',
    reason: 'happened for one has failed 2 times: no disk',
  });
  expect(log.lines.map(({ level, fields }) => [level, fields['attempt'], fields['delay']])).toEqual([
    ['warn', 1, 100],
    ['warn', 2, 200],
  ]);
  broken = false;
  await clock.advance(200);
  expect(instance.health?.()).toEqual({ status: 'ok' });
  expect(correlationId()).toBeUndefined();
});

test('warns once when too much waits', async () => {
  const { instance, log } = await bus({ warnAbove: 3 });
  instance.subscribe(happened, 'one', () => new Promise(() => undefined));
  for (let n = 0; n < 10; n++) await instance.publish(happened, n);
  expect(log.lines.map(({ message }) => message)).toEqual(['many events wait for delivery']);
  expect(instance.health?.().reason).toBe('10 events wait for delivery');
});

test('drain waits for deliveries, but not for a handler that keeps failing', async () => {
  const { instance } = await bus();
  const seen: number[] = [];
  instance.subscribe(happened, 'good', async (n) => {
    await setImmediate();
    seen.push(n);
  });
  instance.subscribe(happened, 'bad', () => {
    throw new Error('always');
  });
  for (let n = 0; n < 5; n++) await instance.publish(happened, n);
  await instance.drain?.(new AbortController().signal);
  expect(seen).toEqual([0, 1, 2, 3, 4]);
});

test('drain gives up when its signal aborts, and stop tells what was lost', async () => {
  const { instance, log } = await bus();
  let release = (): void => undefined;
  const blocked = new Promise<void>((resolve) => {
    release = resolve;
  });
  instance.subscribe(happened, 'one', () => blocked);
  await instance.publish(happened, 1);
  await instance.publish(happened, 2);
  await setImmediate();
  const deadline = new AbortController();
  const drained = instance.drain?.(deadline.signal);
  deadline.abort();
  await drained;
  const stopped = instance.stop?.(deadline.signal);
  release();
  await stopped;
  expect(log.lines.at(-1)).toMatchObject({ message: 'events were not delivered', fields: { undelivered: 1 } });
  await expect(instance.publish(happened, 3)).rejects.toThrow('stopped');
});

test('a group that comes back does not wait for the back-off of the handler that left', async () => {
  const { instance, clock } = await bus();
  const failing = instance.subscribe(happened, 'one', () => {
    throw new Error('no');
  });
  await instance.publish(happened, 1);
  await clock.advance(0);
  expect(clock.waiting).toBe(1);
  await failing.close();
  const seen: number[] = [];
  instance.subscribe(happened, 'one', (n) => void seen.push(n));
  await clock.advance(0);
  expect(seen).toEqual([1]);
});

test('refuses a payload that is not JSON', async () => {
  const { instance } = await bus();
  await expect(instance.publish(eventType<Date>('when'), new Date())).rejects.toThrow('the payload of when is a Date');
});
