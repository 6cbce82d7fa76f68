import { expect, test } from 'vitest';
import { systemClock } from './clock.js';

test('tells the time of the system', () => {
  const before = Date.now();
  expect(systemClock.now()).toBeGreaterThanOrEqual(before);
});

test('a delay lasts at least as long as it was told', async () => {
  const before = performance.now();
  await systemClock.delay(15);
  expect(performance.now() - before).toBeGreaterThanOrEqual(14);
});

test('an aborted delay rejects with the reason of the signal', async () => {
  const reason = new Error('enough');
  const controller = new AbortController();
  const delay = systemClock.delay(60_000, controller.signal);
  controller.abort(reason);
  await expect(delay).rejects.toBe(reason);
  await expect(systemClock.delay(1, controller.signal)).rejects.toBe(reason);
});

test('a delay longer than a timer can keep does not end at once', async () => {
  const controller = new AbortController();
  const delay = systemClock.delay(2 ** 33, controller.signal).then(() => 'ended');
  expect(await Promise.race([delay, systemClock.delay(20).then(() => 'goes on')])).toBe('goes on');
  controller.abort();
  await expect(delay).rejects.toThrow();
});
