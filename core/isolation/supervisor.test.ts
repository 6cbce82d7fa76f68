import { expect, it } from 'vitest';
import { manualClock, silentLogger } from '../testing/index.js';
import type { Isolate } from './channel.js';
import type { Message } from './message.js';
import { Supervisor } from './supervisor.js';

const { signal } = new AbortController();

/** An isolate that answers while `answers` says so, and is gone when it is told. */
class FakeIsolate implements Isolate {
  answers = true;
  vanish: () => void = () => undefined;
  readonly gone = new Promise<void>((resolve) => {
    this.vanish = resolve;
  });
  #receive: (message: unknown) => void = () => undefined;
  #ended: (reason: string) => void = () => undefined;

  send(message: Message): void {
    if (!this.answers || message.kind !== 'call') return;
    const values = {
      make: { members: [], constants: {}, hooks: [] },
      pulse: { health: { status: 'ok' }, rss: 0, left: 0 },
    };
    const value = values[message.member as keyof typeof values];
    queueMicrotask(() => this.#receive({ kind: 'answer', id: message.id, value }));
  }

  listen(receive: (message: unknown) => void, ended: (reason: string) => void): void {
    this.#receive = receive;
    this.#ended = ended;
  }

  kill(reason: string): void {
    this.#ended(reason);
  }
}

async function supervised() {
  const clock = manualClock();
  const isolates: FakeIsolate[] = [];
  const supervisor = new Supervisor({
    launch: () => {
      const isolate = new FakeIsolate();
      isolates.push(isolate);
      return isolate;
    },
    assignment: () => ({
      origin: { kind: 'announced', module: 'none' },
      type: 'vendor.fake',
      name: 'fake',
      path: undefined,
      config: {},
      uses: {},
      dataDir: '/',
      folder: '/',
    }),
    expose: () => undefined,
    faults: [],
    clock,
    log: silentLogger(),
    deadline: 30_000,
    startDeadline: 30_000,
    rssLimit: undefined,
  });
  await supervisor.start(signal);
  const [first] = isolates;
  if (!first) throw new Error('nothing was launched');
  const seconds = async (count: number): Promise<void> => {
    for (let second = 0; second < count; second++) await clock.advance(1_000);
  };
  return { supervisor, isolates, first, seconds };
}

it('one that is silent is given up at once, and followed when nothing of it runs any more', async () => {
  const { supervisor, isolates, first, seconds } = await supervised();
  await seconds(1);
  expect(supervisor.health()).toEqual({ status: 'ok' });
  first.answers = false;
  const peer = supervisor.peer();
  if (typeof peer === 'string') throw new Error(peer);
  const call = peer.call('operations', 'any', [], { broken: (message) => new Error(message) });
  call.catch(() => undefined);
  await seconds(12);
  await expect(call).rejects.toThrow('it did not answer for 10 s');
  expect(supervisor.peer()).toContain('it did not answer for 10 s');

  await seconds(10);
  expect(supervisor.health()).toMatchObject({
    status: 'failed',
    reason: expect.stringContaining('its thread is in native code'),
  });
  expect(isolates.length).toBe(1);

  first.vanish();
  await seconds(1);
  expect(isolates.length).toBe(2);
  expect(supervisor.health()).toEqual({ status: 'ok' });
});

it('one whose native code does not return holds up no stop', async () => {
  const { supervisor, first, seconds } = await supervised();
  await seconds(1);
  first.answers = false;
  await seconds(22);
  await expect(supervisor.stop(signal)).rejects.toThrow('its thread is in native code');
});

it('one that is only being ended holds up its stop no longer than its signal says', async () => {
  const { supervisor } = await supervised();
  const over = new AbortController();
  const stopping = supervisor.stop(over.signal);
  over.abort(new Error('stop took longer than 10 s'));
  await expect(stopping).rejects.toThrow('stop took longer than 10 s');
});
