import { expect, it } from 'vitest';
import { manualClock } from '../testing/index.js';
import { LineRate, mostCharacters, mostLines, Window } from './flood.js';

it('lets so many lines through in a second, and tells how many it did not', async () => {
  const clock = manualClock();
  const told: number[] = [];
  const rate = new LineRate(clock, (left) => told.push(left));
  const taken = (): number => Array.from({ length: mostLines + 7 }, () => rate.take(10)).filter(Boolean).length;

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

  for (let line = 0; line < mostLines + 5; line++) window.pass(10, send);
  expect([arrivals.length, window.left(), window.left()]).toEqual([mostLines, 5, 0]);
  arrivals[0]?.();
  await new Promise(setImmediate);
  window.pass(10, send);
  expect([arrivals.length, window.left()]).toEqual([mostLines + 1, 0]);
});

it('counts characters too, so that a few long lines fill nobody', async () => {
  const told: number[] = [];
  const rate = new LineRate(manualClock(), (left) => told.push(left));
  expect([rate.take(mostCharacters), rate.take(1)]).toEqual([true, false]);
  rate.settle();
  expect([rate.take(mostCharacters + 1), told]).toEqual([false, [1]]);

  const window = new Window();
  const arrivals: (() => void)[] = [];
  const send = (): Promise<void> => new Promise((arrived) => arrivals.push(arrived));
  window.pass(mostCharacters, send);
  window.pass(1, send);
  expect([arrivals.length, window.left()]).toEqual([1, 1]);
});

it('a line that never arrives is one that was left out', async () => {
  const window = new Window();
  window.pass(1, () => Promise.reject(new Error('nobody is there')));
  await new Promise(setImmediate);
  expect(window.left()).toBe(1);
});
