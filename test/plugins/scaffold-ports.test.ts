import { readdir, rm } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { setImmediate } from 'node:timers/promises';
import { expect, onTestFinished, test } from 'vitest';
import { type DesiredApplication, type EventBus, eventType, type TargetProvider } from '../../core/plugin/index.js';
import { loadPlugin } from '../../core/plugin/loader.js';
import { manualClock, testContext } from '../../core/testing/index.js';

/** What the packages that `tutti plugin new` writes promise beside what their kits try. */
async function made<P extends object>(kind: string) {
  const file = resolve(import.meta.dirname, '../../cli/scaffold/templates', kind, 'index.ts');
  const [definition] = (await loadPlugin(file, { from: file, timeout: 60_000 })).definitions;
  if (!definition) throw new Error(`${kind} defines nothing`);
  const clock = manualClock();
  const context = await testContext<P>(definition, { clock });
  await context.start();
  onTestFinished(() => context.dispose());
  return { ...context, clock };
}

const happened = eventType<number>('press.happened');
const call = (signal: AbortSignal = new AbortController().signal) => ({ signal, progress: () => undefined });

test('events: nothing is taken after the stop', async () => {
  const { instance: bus } = await made<EventBus>('events');
  const heard: number[] = [];
  bus.subscribe(happened, 'one', (n) => void heard.push(n));
  await bus.stop?.(new AbortController().signal);
  await expect(bus.publish(happened, 1)).rejects.toThrow('the event bus has stopped');
  expect(() => bus.subscribe(happened, 'one', () => undefined)).toThrow('the event bus has stopped');
  expect(heard).toEqual([]);
});

test('events: draining waits for deliveries, but not for a handler that keeps failing, and not beyond its deadline', async () => {
  const { instance: bus } = await made<EventBus>('events');
  const heard: number[] = [];
  bus.subscribe(happened, 'good', async (n) => {
    await setImmediate();
    heard.push(n);
  });
  bus.subscribe(happened, 'bad', () => {
    throw new Error('always');
  });
  for (let n = 0; n < 5; n++) await bus.publish(happened, n);
  await bus.drain?.(new AbortController().signal);
  expect(heard).toEqual([0, 1, 2, 3, 4]);

  let release = (): void => undefined;
  const blocked = new Promise<void>((free) => {
    release = free;
  });
  bus.subscribe(happened, 'slow', () => blocked);
  await bus.publish(happened, 5);
  const deadline = new AbortController();
  const drained = bus.drain?.(deadline.signal);
  deadline.abort();
  await drained;
  release();
});

const component = { name: 'main', repository: 'oci://samples.example/hello', revision: '1.0.0', timeout: 60_000 };
const application = (wait: boolean, startsAfter: number): DesiredApplication => ({
  id: 'one',
  name: 'one',
  applicationId: 'hello',
  deploymentType: 'custom',
  components: [{ ...component, wait, properties: { startsAfter }, parameters: {} }],
});

test('target: a call that is aborted beforehand does nothing', async () => {
  const { instance: target } = await made<TargetProvider>('target');
  const aborted = call(AbortSignal.abort(new Error('given up')));
  await expect(target.apply(application(true, 0), 'main', aborted)).rejects.toThrow('given up');
  expect(await target.actual()).toEqual([]);
  await target.apply(application(true, 0), 'main', call());
  await expect(target.remove({ id: 'one', name: 'one' }, 'main', true, aborted)).rejects.toThrow('given up');
  expect(await target.actual()).toMatchObject([{ id: 'one', components: [{ phase: 'running' }] }]);
});

test('target: what its platform fails with is a fault of the port', async () => {
  const { instance: target, dataDir } = await made<TargetProvider>('target');
  await rm(join(dataDir, 'my-target'), { recursive: true });
  const fault = { name: 'TargetFault', code: 'platform', retry: true };
  await expect(target.apply(application(true, 0), 'main', call())).rejects.toMatchObject(fault);
});

test('target: a start that nobody waits for does not go on after the stop', async () => {
  const { instance: target, dataDir, clock } = await made<TargetProvider>('target');
  await target.apply(application(false, 1_000), 'main', call());
  expect(clock.waiting).toBe(1);
  await target.stop?.(new AbortController().signal);
  expect(clock.waiting).toBe(0);
  await clock.advance(1_000);
  expect(await readdir(join(dataDir, 'my-target'))).toEqual(['one~main.json']);
  expect(await target.actual()).toMatchObject([{ components: [{ phase: 'installing' }] }]);
});
