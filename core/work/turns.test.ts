import { expect, it } from 'vitest';
import { Turns } from './turns.js';

it('runs one after the other under a key, whatever becomes of each', async () => {
  const turns = new Turns();
  const seen: string[] = [];
  const task = (name: string) => async () => {
    seen.push(`${name} begins`);
    await Promise.resolve();
    seen.push(`${name} ends`);
    if (name === 'a') throw new Error('failed');
  };
  await Promise.allSettled([turns.take('x', task('a')), turns.take('x', task('b')), turns.take('x', task('c'))]);
  expect(seen).toEqual(['a begins', 'a ends', 'b begins', 'b ends', 'c begins', 'c ends']);
});

it('does not wait under another key', async () => {
  const turns = new Turns();
  let finish = (): void => undefined;
  const slow = turns.take('x', () => new Promise<void>((resolve) => (finish = resolve)));
  await expect(turns.take('y', async () => 'done')).resolves.toBe('done');
  finish();
  await slow;
});
