import { type Clock, type EventHandler, type EventMeta, eventType } from '../../core/plugin/index.js';
import type { RecordingLogger } from '../../core/testing/index.js';
import redis, { type RedisEvents } from '../../providers/events/redis/index.js';
import { startedOn } from './started.js';

export const happened = eventType<number>('plant:happened');
/** Longer than any test: only what is said between hosts can pass an event on. */
export const never = 3600;

export interface EventHost {
  readonly bus: RedisEvents;
  readonly log: RecordingLogger;
  stop(): Promise<void>;
}

export async function hostOn(config: Readonly<Record<string, unknown>>, clock?: Clock): Promise<EventHost> {
  const { instance, ...host } = await startedOn<RedisEvents>(
    redis,
    { firstDelay: 10, claimAfter: never, ...config },
    clock,
  );
  return { bus: instance, ...host };
}

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
