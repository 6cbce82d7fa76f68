import { AsyncLocalStorage } from 'node:async_hooks';
import { setImmediate } from 'node:timers/promises';
import { inspect } from 'node:util';
import { correlated } from '../../../core/correlation/index.js';
import type { Clock, Logger } from '../../../core/plugin/index.js';
import type { EventHandler, Subscription } from '../../../core/ports/index.js';

/** One publication, as every group gets it. */
export interface Publication {
  readonly id: string;
  readonly correlationId: string;
  readonly payload: unknown;
}

export interface GroupOptions {
  /** The event's type and the group's name, for a person. */
  readonly name: string;
  readonly clock: Clock;
  readonly log: Logger;
  /** Milliseconds before the second attempt; doubles with every further one. */
  readonly firstDelay: number;
  /** Milliseconds between two attempts at most. */
  readonly maxDelay: number;
  /** Called whenever {@link Group.settled} may have become true. */
  readonly onSettled: () => void;
}

/** A handler that is subscribed. */
interface Member {
  readonly handler: EventHandler<unknown>;
  /** The delivery under way. */
  delivery?: Promise<boolean>;
}

/** Why the oldest event could not be delivered yet. */
export interface Failure {
  readonly attempts: number;
  readonly message: string;
}

/**
 * The events of one type for one group: delivered in order, one at a time, to one of the group's handlers, again and
 * again until one succeeds. What is undelivered when the last handler leaves waits for the group to come back.
 */
export class Group {
  readonly #queue: Publication[] = [];
  readonly #members: Member[] = [];
  readonly #delivering = new AsyncLocalStorage<Member>();
  #running = false;
  #turn = 0;
  #failure: Failure | undefined;
  #backoff = new AbortController();

  constructor(private readonly options: GroupOptions) {}

  get name(): string {
    return this.options.name;
  }
  get subscribed(): boolean {
    return this.#members.length > 0;
  }
  get pending(): number {
    return this.#queue.length;
  }
  /** Nothing fails where nobody is subscribed. */
  get failure(): Failure | undefined {
    return this.subscribed ? this.#failure : undefined;
  }
  /** Whether waiting for deliveries is over or pointless: none is due, nobody is there, or the handler keeps failing. */
  get settled(): boolean {
    return this.pending === 0 || !this.subscribed || this.#failure !== undefined;
  }

  add(publication: Publication): void {
    this.#queue.push(publication);
    this.#start();
  }

  join(handler: EventHandler<unknown>): Subscription {
    const member: Member = { handler };
    this.#members.push(member);
    this.#start();
    return { close: () => this.#leave(member) };
  }

  /** Sends every handler away, and waits for the delivery under way. */
  async close(): Promise<void> {
    await Promise.all([...this.#members].map((member) => this.#leave(member)));
  }

  async #leave(member: Member): Promise<void> {
    const at = this.#members.indexOf(member);
    if (at >= 0) this.#members.splice(at, 1);
    if (!this.subscribed) this.#backoff.abort();
    this.options.onSettled();
    // A handler that closes its own subscription would wait for itself.
    if (this.#delivering.getStore() !== member) await member.delivery;
  }

  #start(): void {
    if (!this.#running) void this.#run();
  }

  async #run(): Promise<void> {
    this.#running = true;
    // A turn of the event loop before each delivery: the publisher goes on first, and a chain of events starves nobody.
    for (await setImmediate(); ; await setImmediate()) {
      const publication = this.#queue[0];
      const member = this.#members[this.#turn++ % Math.max(1, this.#members.length)];
      if (!publication || !member) break;
      member.delivery = this.#deliver(publication, member);
      if (await member.delivery) {
        this.#queue.shift();
        this.options.onSettled();
      } else {
        this.options.onSettled();
        await this.#backOff();
      }
    }
    this.#running = false;
  }

  /** @returns whether the handler succeeded */
  #deliver({ id, correlationId, payload }: Publication, member: Member): Promise<boolean> {
    const attempt = (this.#failure?.attempts ?? 0) + 1;
    return this.#delivering.run(member, () =>
      correlated(correlationId, async () => {
        try {
          await member.handler(payload, { id, correlationId, attempt });
          this.#failure = undefined;
          return true;
        } catch (error) {
          this.#failure = { attempts: attempt, message: messageOf(error) };
          this.options.log.warn('an event handler failed; it is tried again', {
            event: this.name,
            id,
            attempt,
            delay: this.#delay(),
            error,
          });
          return false;
        }
      }),
    );
  }

  #delay(): number {
    const { firstDelay, maxDelay } = this.options;
    return Math.min(maxDelay, firstDelay * 2 ** ((this.#failure?.attempts ?? 1) - 1));
  }

  async #backOff(): Promise<void> {
    if (!this.subscribed) return;
    const backoff = new AbortController();
    this.#backoff = backoff;
    try {
      await this.options.clock.delay(this.#delay(), backoff.signal);
    } catch (error) {
      if (!backoff.signal.aborted) throw error;
    }
  }
}

/** Anything may be thrown, also what cannot become a string. */
function messageOf(error: unknown): string {
  if (error instanceof Error) return error.message;
  return typeof error === 'string' ? error : inspect(error, { depth: 0 });
}
