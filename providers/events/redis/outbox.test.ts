import { expect, test } from 'vitest';
import { Latch } from '../../../core/testing/latch.js';
import { batchSize, Outbox, type Outgoing } from './outbox.js';

const outgoing = (id: string, text = '1'): Outgoing => ({ type: 'happened', id, correlationId: 'call', text });

test('sends in the order of calls, and together what comes while others are on their way', async () => {
  const sent: string[][] = [];
  const latch = new Latch();
  const outbox = new Outbox(async (batch) => {
    sent.push(batch.map(({ id }) => id));
    if (sent.length === 1) await latch.opened;
  });
  const first = [outbox.add(outgoing('a')), outbox.add(outgoing('b'))];
  await Promise.resolve();
  await Promise.resolve();
  const later = [outbox.add(outgoing('c')), outbox.add(outgoing('d'))];
  latch.open();
  await Promise.all([...first, ...later]);
  expect(sent).toEqual([
    ['a', 'b'],
    ['c', 'd'],
  ]);
  await outbox.idle();
});

test('tells each of a batch that failed, and goes on with the next', async () => {
  let fails = true;
  const outbox = new Outbox(async () => {
    if (fails) throw new Error('away');
  });
  const results = await Promise.allSettled([outbox.add(outgoing('a')), outbox.add(outgoing('b'))]);
  expect(results.map(({ status }) => status)).toEqual(['rejected', 'rejected']);
  fails = false;
  await outbox.add(outgoing('c'));
});

test('sends no more at once than Redis may take in one go, and at least one', () => {
  const large = 'x'.repeat(600_000);
  expect(batchSize([outgoing('a', large), outgoing('b', large), outgoing('c')])).toBe(1);
  expect(batchSize([outgoing('a', large + large), outgoing('b')])).toBe(1);
  expect(batchSize(Array.from({ length: 1_000 }, (_, n) => outgoing(`${n}`)))).toBe(200);
  expect(batchSize([])).toBe(0);
});
