import { expect, it } from 'vitest';
import { SerialByKey } from './serial.js';

it('runs one after the other under a key, whatever becomes of each', async () => {
  const serial = new SerialByKey();
  const seen: string[] = [];
  const task = (name: string) => async () => {
    seen.push(`${name} begins`);
    await Promise.resolve();
    seen.push(`${name} ends`);
    if (name === 'a') throw new Error('failed');
  };
  await Promise.allSettled([serial.run('x', task('a')), serial.run('x', task('b')), serial.run('x', task('c'))]);
  expect(seen).toEqual(['a begins', 'a ends', 'b begins', 'b ends', 'c begins', 'c ends']);
});

it('does not wait under another key', async () => {
  const serial = new SerialByKey();
  let finish = (): void => undefined;
  const slow = serial.run('x', () => new Promise<void>((resolve) => (finish = resolve)));
  await expect(serial.run('y', async () => 'done')).resolves.toBe('done');
  finish();
  await slow;
});
