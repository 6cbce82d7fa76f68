import { expect, it } from 'vitest';
import { Latch } from '../testing/latch.js';
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

it('lets go at once of who gives up waiting, who is never served', async () => {
  const turns = new Turns();
  const [end, abort, reason] = [new Latch(), new AbortController(), new Error('enough')];
  const first = turns.take('x', () => end.opened);
  let served = false;
  const given = turns.take(
    'x',
    async () => {
      served = true;
    },
    abort.signal,
  );
  abort.abort(reason);
  await expect(given).rejects.toBe(reason);
  end.open();
  await first;
  await turns.idle();
  expect(served).toBe(false);
});

it('knows which keys somebody works or waits under, and when nobody does', async () => {
  const turns = new Turns();
  const [end, later] = [new Latch(), new Latch()];
  const first = turns.take('x', () => end.opened);
  const second = turns.take('x', () => later.opened);
  let idle = false;
  const idled = turns.idle().then(() => {
    idle = true;
  });
  expect([turns.has('x'), turns.has('y')]).toEqual([true, false]);
  end.open();
  await first;
  expect([turns.has('x'), idle]).toEqual([true, false]);
  later.open();
  await second;
  await idled;
  expect(turns.has('x')).toBe(false);
});
