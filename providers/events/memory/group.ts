import { setImmediate } from 'node:timers/promises';
import { type Failure, Handlers, type HandlersOptions, type Publication } from '../../../core/events/index.js';
import type { EventHandler, Subscription } from '../../../core/ports/index.js';

export interface GroupOptions extends Omit<HandlersOptions, 'changed'> {
  /** Called whenever {@link Group.settled} may have become true. */
  readonly onSettled: () => void;
}

/**
 * The events of one type for one group: delivered in order, one at a time, to one of the group's handlers, again and
 * again until one succeeds. What is undelivered when the last handler leaves waits for the group to come back.
 */
export class Group {
  readonly #queue: Publication[] = [];
  readonly #handlers: Handlers;
  #running = false;
  /** Of the oldest event. */
  #attempts = 0;

  constructor(private readonly options: GroupOptions) {
    this.#handlers = new Handlers({ ...options, changed: options.onSettled });
  }

  get name(): string {
    return this.options.name;
  }
  get subscribed(): boolean {
    return this.#handlers.subscribed;
  }
  get pending(): number {
    return this.#queue.length;
  }
  get failure(): Failure | undefined {
    return this.#handlers.failure;
  }
  /** Whether waiting for deliveries is over or pointless: none is due, nobody is there, or the handler keeps failing. */
  get settled(): boolean {
    return this.pending === 0 || !this.subscribed || this.failure !== undefined;
  }

  add(publication: Publication): void {
    this.#queue.push(publication);
    this.#start();
  }

  join(handler: EventHandler<unknown>): Subscription {
    const subscription = this.#handlers.join(handler);
    this.#start();
    return subscription;
  }

  /** Sends every handler away, and waits for the delivery under way. */
  close(): Promise<void> {
    return this.#handlers.close();
  }

  #start(): void {
    if (!this.#running) void this.#run();
  }

  async #run(): Promise<void> {
    this.#running = true;
    // A turn of the event loop before each delivery: the publisher goes on first, and a chain of events starves nobody.
    for (await setImmediate(); ; await setImmediate()) {
      const publication = this.#queue[0];
      if (!publication || !this.subscribed) break;
      if (await this.#handlers.deliver(publication, ++this.#attempts)) {
        this.#queue.shift();
        this.#attempts = 0;
        this.options.onSettled();
      } else {
        this.options.onSettled();
        await this.#handlers.backOff(this.#attempts);
      }
    }
    this.#running = false;
  }
}
