import { expect, it } from 'vitest';
import { manualClock } from '../testing/index.js';
import { LineRate, mostLines, Window } from './flood.js';

it('lets so many lines through in a second, and tells how many it did not', async () => {
  const clock = manualClock();
  const told: number[] = [];
  const rate = new LineRate(clock, (left) => told.push(left));
  const taken = (): number => Array.from({ length: mostLines + 7 }, () => rate.take()).filter(Boolean).length;

  expect(taken()).toBe(mostLines);
  expect(told).toEqual([]);
  await clock.advance(1_000);
  expect(taken()).toBe(mostLines);
  expect(told).toEqual([7]);
  rate.leave(3);
  rate.beat();
  expect(told).toEqual([7]);
  rate.settle();
  rate.settle();
  expect(told).toEqual([7, 10]);
});

it('has no more lines under way than it may, and tells of the others when it is asked', async () => {
  const arrivals: (() => void)[] = [];
  const send = (): Promise<void> => new Promise((arrived) => arrivals.push(arrived));
  const window = new Window();

  for (let line = 0; line < mostLines + 5; line++) window.pass(send);
  expect([arrivals.length, window.left(), window.left()]).toEqual([mostLines, 5, 0]);
  arrivals[0]?.();
  await new Promise(setImmediate);
  window.pass(send);
  expect([arrivals.length, window.left()]).toEqual([mostLines + 1, 0]);
});
