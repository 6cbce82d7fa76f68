import type { EventBus, EventHandler, EventMeta } from '../../ports/index.js';
import type { Trial } from '../trial.js';

export type EventTrial = Trial<EventBus>;

export interface Delivery<T> {
  readonly payload: T;
  readonly meta: EventMeta;
}

/**
 * A handler that keeps what it is given, and lets a case wait for it. It is idempotent, as the port wants handlers to be:
 * an event that it has handled may be delivered again.
 */
export class Inbox<T> {
  /** Everything, in the order it came. */
  readonly deliveries: Delivery<T>[] = [];
  readonly #first = new Map<string, Delivery<T>>();
  readonly #handled = new Set<string>();
  #wake: () => void = () => undefined;

  /** @param react what the handler does with a delivery after noting it, until that has succeeded once */
  constructor(private readonly react: EventHandler<T> = () => undefined) {}

  readonly handler: EventHandler<T> = (payload, meta) => {
    // Two events under one id are still two.
    const event = JSON.stringify([meta.id, payload]);
    this.deliveries.push({ payload, meta });
    if (!this.#first.has(event)) this.#first.set(event, { payload, meta });
    this.#wake();
    if (this.#handled.has(event)) return undefined;
    const handled = (): void => {
      this.#handled.add(event);
      this.#wake();
    };
    const reaction = this.react(payload, meta);
    return reaction instanceof Promise ? reaction.then(handled) : handled();
  };

  /** The first delivery of each event. */
  get firsts(): Delivery<T>[] {
    return [...this.#first.values()];
  }

  /** Of each event once, in the order of first deliveries. */
  get payloads(): T[] {
    return this.firsts.map(({ payload }) => payload);
  }

  /** Waits until so many events have been delivered, handled or not. */
  waitFor(trial: EventTrial, count: number): Promise<void> {
    return this.until(trial, `${count} deliveries`, () => this.#first.size >= count);
  }

  /** Waits until so many events have been handled. */
  waitUntilHandled(trial: EventTrial, count: number): Promise<void> {
    return this.until(trial, `${count} events to be handled`, () => this.#handled.size >= count);
  }

  /** Waits for what only a delivery can make true. One wait at a time. */
  async until(trial: EventTrial, what: string, condition: () => boolean): Promise<void> {
    const arrived = new Promise<void>((resolve) => {
      this.#wake = () => {
        if (condition()) resolve();
      };
      this.#wake();
    });
    await trial.within(what, arrived);
  }
}

export const numbers = (count: number): number[] => Array.from({ length: count }, (_, n) => n);

/** Lets everything run that waits for neither time nor the outside. */
export async function turns(count: number): Promise<void> {
  for (let turn = 0; turn < count; turn++) await new Promise((resolve) => setImmediate(resolve));
}
