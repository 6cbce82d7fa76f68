import { randomUUID } from 'node:crypto';
import { afterEach } from 'vitest';
import { systemClock } from '../../core/host/clock.js';
import { type Clock, type EventHandler, type EventMeta, eventType } from '../../core/plugin/index.js';
import { type RecordingLogger, recordingLogger, testContext } from '../../core/testing/index.js';
import type { RedisEvents } from '../../providers/events/redis/bus.js';
import redis from '../../providers/events/redis/index.js';
import type { RedisPart } from '../parts/index.js';

export const happened = eventType<number>('plant:happened');
/** Longer than any test: only what is said between hosts can pass an event on. */
export const never = 3600;

const endings: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const end of endings.splice(0).reverse()) await end();
});

/** Stopped at the end of the test. */
export function ended<T extends { stop(): Promise<void> }>(part: T): T {
  endings.push(() => part.stop());
  return part;
}

export interface EventHost {
  readonly bus: RedisEvents;
  readonly log: RecordingLogger;
  stop(): Promise<void>;
}

export async function hostOn(
  config: Readonly<Record<string, unknown>>,
  clock: Clock = systemClock,
): Promise<EventHost> {
  const log = recordingLogger();
  const all = { timeout: 30, firstDelay: 10, claimAfter: never, ...config };
  const context = await testContext<RedisEvents>(redis, { config: all, clock, log });
  endings.push(() => context.dispose());
  await context.start();
  return { bus: context.instance, log, stop: () => context.dispose() };
}

export const configOf = ({ url, passwordFile }: RedisPart) => ({ url, passwordFile, prefix: randomUUID() });

/** What handlers were given, over all hosts. */
export class Journal {
  readonly told: { readonly n: number; readonly host: string; readonly meta: EventMeta }[] = [];
  #running = 0;
  /** How many handlers ran at once. */
  most = 0;

  handler(host: string, react: EventHandler<number> = () => undefined): EventHandler<number> {
    return async (n, meta) => {
      this.told.push({ n, host, meta });
      this.most = Math.max(this.most, ++this.#running);
      try {
        await react(n, meta);
      } finally {
        this.#running--;
      }
    };
  }

  get numbers(): number[] {
    return this.told.map(({ n }) => n);
  }
}
