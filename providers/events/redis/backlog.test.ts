import { expect, onTestFinished, test } from 'vitest';
import { manualClock, recordingLogger } from '../../../core/testing/index.js';
import { Backlog } from './backlog.js';

test('says that too many events wait until Redis says otherwise, though nothing more is published', async () => {
  const clock = manualClock();
  const log = recordingLogger();
  let waiting = 12;
  let asked = 0;
  const line = {
    waiting: async () => {
      asked++;
      return waiting;
    },
  };
  const backlog = new Backlog({ line, clock, log, warnAbove: 10 });
  backlog.start();
  onTestFinished(() => backlog.stop());
  await clock.advance(60_000);
  expect(asked).toBe(0);
  backlog.note('happened', 11);
  backlog.note('happened', 12);
  await clock.advance(60_000);
  expect(backlog.reasons).toEqual(['12 events happened wait for some group']);
  waiting = 10;
  await clock.advance(60_000);
  expect(backlog.reasons).toEqual([]);
  await clock.advance(60_000);
  expect([asked, log.lines.length]).toEqual([2, 1]);
});
