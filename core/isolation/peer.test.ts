import { setImmediate } from 'node:timers/promises';
import { expect, it } from 'vitest';
import type { Channel, Message } from './message.js';
import { Peer } from './peer.js';

const broken = (message: string): Error => new Error(message);

/** Two sides of one line, which copies as a thread does. */
function line(most?: number): { readonly here: Peer; readonly there: Peer } {
  const receivers: ((message: Message) => void)[] = [];
  const side = (other: 0 | 1): Channel => ({
    send: (message) => {
      const copy = structuredClone(message);
      queueMicrotask(() => receivers[other]?.(copy));
    },
    listen: (receive) => void receivers.push(receive),
  });
  const on = { astray: () => undefined, faults: [], ...(most !== undefined && { most }) };
  return { here: new Peer(side(1), on), there: new Peer(side(0), on) };
}

it('what an aborted call rejects with is the very reason of its signal', async () => {
  const { here, there } = line();
  there.expose('it', {
    waits: (signal) =>
      new Promise((_, reject) => {
        const given = signal as AbortSignal;
        if (given.aborted) reject(given.reason);
        given.addEventListener('abort', () => reject(given.reason));
      }),
  });
  const reason = new Error('the caller has changed its mind');
  const stop = new AbortController();
  const under = here.call('it', 'waits', [stop.signal], { broken });
  await setImmediate();
  stop.abort(reason);
  await expect(under).rejects.toBe(reason);
  await expect(here.call('it', 'waits', [stop.signal], { broken })).rejects.toBe(reason);
});

it('a function that is called when its call is over harms nobody', async () => {
  const { here, there } = line();
  let progress: (text: string) => unknown = () => undefined;
  there.expose('it', {
    works: (given) => {
      progress = given as typeof progress;
    },
  });
  await here.call('it', 'works', [() => undefined], { broken, functions: true });
  const unhandled: unknown[] = [];
  const note = (error: unknown): void => void unhandled.push(error);
  const others = process.listeners('unhandledRejection');
  process.removeAllListeners('unhandledRejection');
  process.on('unhandledRejection', note);
  try {
    progress('nobody listens any more');
    await setImmediate();
    await setImmediate();
  } finally {
    process.off('unhandledRejection', note);
    for (const other of others) process.on('unhandledRejection', other);
  }
  expect(unhandled).toEqual([]);
});

it('has no more calls under way than it may', async () => {
  const { here, there } = line(2);
  let answer: (value: string) => void = () => undefined;
  const waiting = new Promise<string>((resolve) => {
    answer = resolve;
  });
  there.expose('it', { waits: () => waiting });
  const call = (): Promise<unknown> => here.call('it', 'waits', [], { broken });
  const first = [call(), call()];
  await expect(call()).rejects.toThrow('2 calls are under way already');
  answer('there');
  expect(await Promise.all([...first])).toEqual(['there', 'there']);
  expect(await call()).toBe('there');
});
