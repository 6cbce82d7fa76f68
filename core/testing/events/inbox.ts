import type { EventBus, EventHandler, EventMeta } from '../../ports/index.js';
import type { Trial } from '../trial.js';

export type EventTrial = Trial<EventBus>;

export interface Delivery<T> {
  readonly payload: T;
  readonly meta: EventMeta;
}

/** A handler that keeps what it is given, and lets a case wait for it. */
export class Inbox<T> {
  readonly deliveries: Delivery<T>[] = [];
  #wake: () => void = () => undefined;

  /** @param react what the handler does with a delivery after noting it */
  constructor(private readonly react: EventHandler<T> = () => undefined) {}

  readonly handler: EventHandler<T> = (payload, meta) => {
    this.deliveries.push({ payload, meta });
    this.#wake();
    return this.react(payload, meta);
  };

  get payloads(): T[] {
    return this.deliveries.map(({ payload }) => payload);
  }

  async waitFor(trial: EventTrial, count: number): Promise<void> {
    const arrived = new Promise<void>((resolve) => {
      this.#wake = () => {
        if (this.deliveries.length >= count) resolve();
      };
      this.#wake();
    });
    await trial.within(`${count} deliveries`, arrived);
  }
}

export const numbers = (count: number): number[] => Array.from({ length: count }, (_, n) => n);
