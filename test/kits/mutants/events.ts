import type {
  Clock,
  EventBus,
  EventHandler,
  EventMeta,
  EventType,
  Lifecycle,
  Subscription,
} from '../../../core/plugin/index.js';
import { type MakeSubject, manualClock, silentLogger } from '../../../core/testing/index.js';
import { MemoryEvents } from '../../../providers/events/memory/index.js';

const options = { firstDelay: 100, maxDelay: 1_000, warnAbove: 1_000 };

/** A bus that works, for mutants to break in one place. */
export class EventMutant implements EventBus, Lifecycle {
  readonly durable: boolean = false;
  protected readonly inner: MemoryEvents;

  constructor(clock: Clock) {
    this.inner = new MemoryEvents(options, clock, silentLogger());
  }

  publish<T>(type: EventType<T>, payload: T): Promise<void> {
    return this.inner.publish(type, payload);
  }
  subscribe<T>(type: EventType<T>, group: string, handler: EventHandler<T>): Subscription {
    return this.inner.subscribe(type, group, this.handling(handler));
  }
  drain(signal: AbortSignal): Promise<void> {
    return this.inner.drain(signal);
  }
  stop(): Promise<void> {
    return this.inner.stop();
  }

  /** What is subscribed in place of a handler. */
  protected handling<T>(handler: EventHandler<T>): EventHandler<T> {
    return handler;
  }
}

/** Delivers again what was handled, and what was handled before that: as the port allows. */
export class DeliversAgain extends EventMutant {
  protected override handling<T>(handler: EventHandler<T>): EventHandler<T> {
    let before: Parameters<EventHandler<T>> | undefined;
    return async (payload, meta) => {
      await handler(payload, meta);
      if (before) await handler(...before);
      before = [payload, meta];
      await handler(payload, meta);
    };
  }
}

/** Takes a failure for an answer. */
export class NeverRetries extends EventMutant {
  protected override handling<T>(handler: EventHandler<T>): EventHandler<T> {
    return async (payload, meta) => {
      await Promise.resolve(handler(payload, meta)).catch(() => undefined);
    };
  }
}

/** Takes nothing for a failure but an error. */
export class KnowsOnlyErrors extends EventMutant {
  protected override handling<T>(handler: EventHandler<T>): EventHandler<T> {
    return async (payload, meta) => {
      try {
        await handler(payload, meta);
      } catch (error) {
        if (error instanceof Error) throw error;
      }
    };
  }
}

/** Tries five times. */
export class GivesUp extends EventMutant {
  protected override handling<T>(handler: EventHandler<T>): EventHandler<T> {
    return async (payload, meta) => {
      try {
        await handler(payload, meta);
      } catch (error) {
        if (meta.attempt < 5) throw error;
      }
    };
  }
}

/** Tries again at once. */
export class DoesNotPause extends EventMutant {
  protected override handling<T>(handler: EventHandler<T>): EventHandler<T> {
    return async (payload, meta) => {
      for (let { attempt } = meta; ; attempt++) {
        try {
          return await handler(payload, { ...meta, attempt });
        } catch {
          await new Promise((resolve) => setImmediate(resolve));
        }
      }
    };
  }
}

/** Lets every second event wait. */
export class DeliversOutOfOrder extends EventMutant {
  #published = 0;
  override async publish<T>(type: EventType<T>, payload: T): Promise<void> {
    if (this.#published++ % 2 === 0) await new Promise((resolve) => setImmediate(resolve));
    await this.inner.publish(type, payload);
  }
}

/** Does not wait for the handler before it delivers the next event. */
export class DeliversAtOnce extends EventMutant {
  protected override handling<T>(handler: EventHandler<T>): EventHandler<T> {
    return (payload, meta) => {
      Promise.resolve(handler(payload, meta)).catch(() => undefined);
    };
  }
}

/** Knows no groups: everybody gets everything. */
export class IgnoresGroups extends EventMutant {
  #subscriptions = 0;
  override subscribe<T>(type: EventType<T>, group: string, handler: EventHandler<T>): Subscription {
    return this.inner.subscribe(type, `${group}-${this.#subscriptions++}`, handler);
  }
}

/** Closes without looking back. */
export class ClosesWithoutWaiting extends EventMutant {
  override subscribe<T>(type: EventType<T>, group: string, handler: EventHandler<T>): Subscription {
    const subscription = this.inner.subscribe(type, group, handler);
    return {
      close: async () => {
        void subscription.close();
      },
    };
  }
}

/** Changes what comes with an event. */
abstract class ChangesMeta extends EventMutant {
  protected abstract changed(meta: EventMeta): EventMeta;
  protected override handling<T>(handler: EventHandler<T>): EventHandler<T> {
    return (payload, meta) => handler(payload, this.changed(meta));
  }
}

/** Forgets who caused what. */
export class LosesCorrelation extends ChangesMeta {
  protected override changed(meta: EventMeta): EventMeta {
    return { ...meta, correlationId: `new-${meta.id}` };
  }
}

/** Numbers events, and begins anew after a thousand. */
export class ReusesIds extends ChangesMeta {
  readonly #numbers = new Map<string, number>();
  protected override changed(meta: EventMeta): EventMeta {
    const number = this.#numbers.get(meta.id) ?? this.#numbers.size % 1_000;
    this.#numbers.set(meta.id, number);
    return { ...meta, id: String(number) };
  }
}

/** Numbers events, and begins anew with each start. */
export class CountsFromStart extends ChangesMeta {
  readonly #numbers = new Map<string, number>();
  protected override changed(meta: EventMeta): EventMeta {
    const number = this.#numbers.get(meta.id) ?? this.#numbers.size;
    this.#numbers.set(meta.id, number);
    return { ...meta, id: String(number) };
  }
}

/** Takes nothing for null. */
export class MakesNothingNull extends EventMutant {
  override publish<T>(type: EventType<T>, payload: T): Promise<void> {
    return this.inner.publish<unknown>(type, payload ?? null);
  }
}

/** Carries what can be copied somehow. */
export class CarriesAnything extends EventMutant {
  override publish<T>(type: EventType<T>, payload: T): Promise<void> {
    return this.inner.publish<unknown>(type, JSON.parse(JSON.stringify(payload) ?? 'null'));
  }
}

/** Refuses at once what `publish` should reject. */
export class ThrowsOnPublish extends EventMutant {
  override publish<T>(type: EventType<T>, payload: T): Promise<void> {
    if (typeof payload === 'function') throw new TypeError('no JSON');
    return this.inner.publish(type, payload);
  }
}

/** Goes on after its end. */
export class OutlivesStop extends EventMutant {
  override async stop(): Promise<void> {
    // As if that were all.
  }
}

/** Ends when everything is delivered. */
export class StopsWhenEmpty extends EventMutant {
  readonly #undelivered = new Set<string>();
  protected override handling<T>(handler: EventHandler<T>): EventHandler<T> {
    return async (payload, meta) => {
      this.#undelivered.add(meta.id);
      await handler(payload, meta);
      this.#undelivered.delete(meta.id);
    };
  }
  override async stop(): Promise<void> {
    while (this.#undelivered.size > 0) await new Promise((resolve) => setTimeout(resolve, 1).unref());
    await this.inner.stop();
  }
}

/** Has nothing to wait for when the host drains. */
export class DrainsNothing extends EventMutant {
  override async drain(): Promise<void> {
    // As if that were all.
  }
}

/** Says that it keeps what it only has in memory. */
export class ClaimsDurable extends EventMutant {
  override readonly durable = true;
}

export const subjects =
  (mutant: new (clock: Clock) => EventMutant): MakeSubject<EventBus> =>
  async () => {
    const clock = manualClock();
    let instance = new mutant(clock);
    return {
      instance,
      advance: (milliseconds) => clock.advance(milliseconds),
      close: () => instance.stop(),
      async reopen() {
        instance = new mutant(clock);
        return instance;
      },
      dispose: () => instance.stop(),
    };
  };
