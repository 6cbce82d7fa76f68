import { setImmediate } from 'node:timers/promises';
import { expect, it } from 'vitest';
import type { Channel } from './message.js';
import { Peer } from './peer.js';

const broken = (message: string): Error => new Error(message);

/** Two sides of one line, which copies as a thread does; and what else reaches this side. */
function line(most?: number) {
  const receivers: ((message: unknown) => void)[] = [];
  const side = (other: 0 | 1): Channel => ({
    send: (message) => {
      const copy = structuredClone(message);
      queueMicrotask(() => receivers[other]?.(copy));
    },
    listen: (receive) => void receivers.push(receive),
  });
  const astray: unknown[] = [];
  const on = { astray: (error: unknown) => astray.push(error), faults: [], ...(most !== undefined && { most }) };
  const [here, there] = [new Peer(side(1), on), new Peer(side(0), on)];
  return { here, there, astray, arrives: (message: unknown) => receivers[0]?.(message) };
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

/** Deeper than a function can call itself. */
function bottomless(): object {
  let deep = {};
  for (let level = 0; level < 50_000; level++) deep = { deep };
  return deep;
}

it("what is no message is nobody's, and what cannot be read ends no more than its call", async () => {
  const { here, there, arrives, astray } = line();
  there.expose('it', { waits: () => new Promise(() => undefined), answers: () => 'there' });
  const foreign = [null, undefined, 7, 'text', [], {}, { kind: 'other' }, { kind: 'answer' }, { kind: 'abort' }];
  for (const message of foreign) arrives(message);
  arrives({ kind: 'call', id: 1, object: 'none', member: 7 });
  arrives({ kind: 'call', id: 1, object: 'none', member: 'none', args: bottomless() });
  arrives({ kind: 'abort', signal: 99, reason: bottomless() });

  const waits = here.call('it', 'waits', [], { broken });
  for (let id = 0; id < 10; id++) arrives({ kind: 'answer', id, value: bottomless() });
  await expect(waits).rejects.toThrow('its answer cannot be read');
  expect(await here.call('it', 'answers', [], { broken })).toBe('there');
  expect(astray).toEqual([]);
});

it('only what was exposed can be called', async () => {
  const { here, there } = line();
  there.expose('it', {});
  await expect(here.call('it', 'toString', [], { broken })).rejects.toThrow('there is no toString of it');
});

it('a signal aborts, even with a reason that cannot be read', async () => {
  const { here, there, arrives } = line();
  here.expose('it', {
    waits: (signal) =>
      new Promise((resolve) => {
        const given = signal as AbortSignal;
        given.addEventListener('abort', () => resolve(String(given.reason)));
      }),
  });
  const answer = there.call('it', 'waits', [new AbortController().signal], { broken });
  await setImmediate();
  for (let signal = 0; signal < 10; signal++) arrives({ kind: 'abort', signal, reason: bottomless() });
  expect(await answer).toContain('its reason cannot be read');
});
