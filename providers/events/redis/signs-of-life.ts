import type { Clock, Logger } from '../../../core/plugin/index.js';
import { backoff } from '../../../core/work/index.js';
import type { Delivery } from './delivery.js';
import type { Line } from './line.js';

export interface SignsOfLifeParts {
  readonly line: Line;
  readonly clock: Clock;
  readonly log: Logger;
  /** Milliseconds without one after which another host takes what is delivered here. */
  readonly claimAfter: number;
}

/** Tells other hosts that what is delivered here still is, for as long as handlers take. */
export class SignsOfLife {
  readonly #deliveries = new Set<Delivery>();
  readonly #stopping = new AbortController();
  #telling: Promise<void> = Promise.resolve();

  constructor(private readonly parts: SignsOfLifeParts) {}

  start(): void {
    this.#telling = this.#tell();
  }

  /** Until {@link end}, others leave the delivery alone. */
  begin(delivery: Delivery): void {
    this.#deliveries.add(delivery);
  }

  end(delivery: Delivery): void {
    this.#deliveries.delete(delivery);
  }

  async stop(): Promise<void> {
    this.#stopping.abort();
    await this.#telling;
  }

  async #tell(): Promise<void> {
    const { signal } = this.#stopping;
    const { line, clock, log, claimAfter } = this.parts;
    for (let pause = claimAfter / 4, failures = 0; !signal.aborted; ) {
      await clock.delay(pause, signal).catch(() => undefined);
      const deliveries = [...this.#deliveries];
      if (signal.aborted || deliveries.length === 0) continue;
      try {
        await line.keep(deliveries);
        for (const delivery of deliveries.filter(({ lost }) => lost)) this.#tellLost(delivery);
        [pause, failures] = [claimAfter / 4, 0];
      } catch (error) {
        // Others give this host as much time as themselves once Redis is back.
        pause = Math.min(claimAfter / 4, backoff(++failures, 50, 2000));
        log.debug('other hosts could not be told of deliveries; tried again', { error });
      }
    }
  }

  #tellLost(delivery: Delivery): void {
    this.#deliveries.delete(delivery);
    const { type, group, publication } = delivery;
    const event = `${type} for ${group}`;
    this.parts.log.warn('another host has taken an event that is handled here', { event, id: publication.id });
  }
}
