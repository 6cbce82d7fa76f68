import { expect, onTestFinished, test } from 'vitest';
import type { TakenItem } from '../../../core/queues/index.js';
import { manualClock, recordingLogger } from '../../../core/testing/index.js';
import { Latch } from '../../../core/testing/latch.js';
import type { Held } from './line.js';
import { SignsOfLife } from './signs-of-life.js';
import { RedisSource } from './source.js';

test('nobody is told that an item is lost which has ended before Redis is asked whose it is', async () => {
  const clock = manualClock();
  const log = recordingLogger();
  const told = new Latch();
  const kept: Held[] = [];
  const line = {
    take: async () => ({ taken: { kind: 'item', id: 'kit', payload: 1, attempt: 1 } as const, lost: 0, failed: 2 }),
    // Redis has it that the item is done; the answer is still on its way.
    end: async () => {
      await told.opened;
      return 'noted' as const;
    },
    keep: async (held: readonly Held[]) => {
      kept.push(...held);
      return held;
    },
  };
  const signs = new SignsOfLife({ line, clock, log, claimAfter: 4000 });
  signs.start();
  onTestFinished(() => signs.stop());
  const counts: number[] = [];
  const failures = (count: number): void => void counts.push(count);
  const source = new RedisSource({ queue: 'work', line, signs, clock, log, failures });
  const item = (await source.take()) as TakenItem;
  const ended = item.done();
  await clock.advance(4000);
  told.open();
  await ended;
  expect([kept, item.lost.aborted, log.lines, counts]).toEqual([[], false, [], [2]]);
});
