import { getEventListeners } from 'node:events';
import { expect, it } from 'vitest';
import { unlessAborted } from './index.js';

const never = new Promise<never>(() => undefined);

it('is what the work is', async () => {
  const { signal } = new AbortController();
  expect(await unlessAborted(signal, Promise.resolve(7))).toBe(7);
  await expect(unlessAborted(signal, Promise.reject(new Error('broken')))).rejects.toThrow('broken');
  expect(getEventListeners(signal, 'abort')).toEqual([]);
});

it('ends with the reason of an abort, before or under way, though the work goes on', async () => {
  const controller = new AbortController();
  const reason = new Error('enough');
  const under = unlessAborted(controller.signal, never);
  controller.abort(reason);
  await expect(under).rejects.toBe(reason);
  await expect(unlessAborted(controller.signal, never)).rejects.toBe(reason);
});
