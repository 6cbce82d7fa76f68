import { expect, it } from 'vitest';
import { manualClock } from '../testing/index.js';
import { silence } from './heartbeat.js';

/** Somebody who answers when told to. */
function watched() {
  const clock = manualClock();
  const stop = new AbortController();
  const asked: PromiseWithResolvers<string>[] = [];
  const heard: string[] = [];
  let verdict: string | undefined;
  const over = silence({
    ask: () => {
      const answer = deferred();
      asked.push(answer);
      return answer.promise;
    },
    answered: (pulse) => heard.push(pulse),
    clock,
    signal: stop.signal,
  }).then((words) => {
    verdict = words;
  });
  over.catch(() => undefined);
  return { clock, stop, asked, heard, over, verdict: () => verdict };
}

interface PromiseWithResolvers<T> {
  readonly promise: Promise<T>;
  readonly resolve: (value: T) => void;
  readonly reject: (error: Error) => void;
}

function deferred(): PromiseWithResolvers<string> {
  let resolve: (value: string) => void = () => undefined;
  let reject: (error: Error) => void = () => undefined;
  const promise = new Promise<string>((done, failed) => {
    resolve = done;
    reject = failed;
  });
  return { promise, resolve, reject };
}

it('has all time for the first answer', async () => {
  const { clock, asked, heard, verdict } = watched();
  await clock.advance(3_600_000);
  expect([asked.length, verdict()]).toEqual([1, undefined]);
  asked[0]?.resolve('there');
  await clock.advance(1_000);
  expect([asked.length, heard]).toEqual([2, ['there']]);
});

it('counts beats without an answer, and begins anew with each answer', async () => {
  const { clock, asked, verdict } = watched();
  asked[0]?.resolve('there');
  await clock.advance(10_000);
  expect(asked.length).toBe(2);
  asked[1]?.resolve('late');
  await clock.advance(10_000);
  expect([asked.length, verdict()]).toEqual([3, undefined]);
  await clock.advance(1_000);
  expect(verdict()).toBe('it did not answer for 10 s');
});

it('a host that stood still has missed one beat, however long it stood', async () => {
  let now = 0;
  const wakes: (() => void)[] = [];
  const clock = { now: () => now, delay: () => new Promise<void>((wake) => wakes.push(wake)) };
  const stop = new AbortController();
  let asked = 0;
  let verdict: string | undefined;
  void silence({
    ask: async () => {
      asked += 1;
      if (asked > 1) await new Promise(() => undefined);
    },
    answered: () => undefined,
    clock,
    signal: stop.signal,
  }).then((words) => {
    verdict = words;
  });
  const beat = async (after: number): Promise<void> => {
    now += after;
    await new Promise(setImmediate);
    wakes.shift()?.();
    await new Promise(setImmediate);
  };
  await beat(1_000);
  await beat(3_600_000);
  expect([asked, verdict]).toEqual([2, undefined]);
  for (let missed = 1; missed < 10; missed++) await beat(1_000);
  expect(verdict).toBe('it did not answer for 10 s');
});

it('ends when nobody will ever answer, and when it is told to', async () => {
  const gone = watched();
  gone.asked[0]?.resolve('there');
  await gone.clock.advance(1_000);
  gone.asked[1]?.reject(new Error('it ended'));
  await expect(gone.over).rejects.toThrow('it ended');

  const stopped = watched();
  stopped.stop.abort(new Error('stopped'));
  await expect(stopped.over).rejects.toThrow('stopped');
  expect(stopped.clock.waiting).toBe(0);
});
