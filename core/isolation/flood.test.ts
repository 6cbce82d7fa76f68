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
  rate.settle();
  rate.settle();
  expect(told).toEqual([7, 7]);
});

it('has no more lines under way than it may, and tells of the others as soon as there is room', async () => {
  const arrivals: (() => void)[] = [];
  const told: number[] = [];
  const send = (): Promise<void> => new Promise((arrived) => arrivals.push(arrived));
  const window = new Window(async (left) => void told.push(left));

  for (let line = 0; line < mostLines + 5; line++) window.pass(send);
  expect([arrivals.length, told]).toEqual([mostLines, []]);
  arrivals[0]?.();
  await new Promise(setImmediate);
  window.pass(send);
  expect([arrivals.length, told]).toEqual([mostLines + 1, [5]]);
});
