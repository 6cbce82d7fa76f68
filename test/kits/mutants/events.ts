import type { EventBus, EventHandler, EventType, Subscription } from '../../../core/plugin/index.js';
import { type MakeSubject, manualClock, silentLogger } from '../../../core/testing/index.js';
import { MemoryEvents } from '../../../providers/events/memory/index.js';

const options = { firstDelay: 100, maxDelay: 1_000, warnAbove: 1_000 };

/** A bus that works, for mutants to break in one place. */
export class EventMutant implements EventBus {
  readonly durable = false;
  readonly clock = manualClock();
  protected readonly inner = new MemoryEvents(options, this.clock, silentLogger());

  publish<T>(type: EventType<T>, payload: T): Promise<void> {
    return this.inner.publish(type, payload);
  }
  subscribe<T>(type: EventType<T>, group: string, handler: EventHandler<T>): Subscription {
    return this.inner.subscribe(type, group, handler);
  }
}

/** Takes a failure for an answer. */
export class NeverRetries extends EventMutant {
  override subscribe<T>(type: EventType<T>, group: string, handler: EventHandler<T>): Subscription {
    return this.inner.subscribe(type, group, async (payload, meta) => {
      await Promise.resolve(handler(payload, meta)).catch(() => undefined);
    });
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
  override subscribe<T>(type: EventType<T>, group: string, handler: EventHandler<T>): Subscription {
    return this.inner.subscribe(type, group, (payload, meta) => {
      Promise.resolve(handler(payload, meta)).catch(() => undefined);
    });
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

/** Forgets who caused what. */
export class LosesCorrelation extends EventMutant {
  override subscribe<T>(type: EventType<T>, group: string, handler: EventHandler<T>): Subscription {
    return this.inner.subscribe(type, group, (payload, meta) =>
      handler(payload, { ...meta, correlationId: `new-${meta.id}` }),
    );
  }
}

export const subjects =
  (mutant: new () => EventMutant): MakeSubject<EventBus> =>
  async () => {
    const instance = new mutant();
    return {
      instance,
      advance: (milliseconds) => instance.clock.advance(milliseconds),
      dispose: async () => undefined,
    };
  };
