import { AsyncLocalStorage } from 'node:async_hooks';
import { inspect } from 'node:util';
import { correlated } from '../correlation/index.js';
import type { Clock } from '../plugin/clock.js';
import type { Logger } from '../plugin/logger.js';
import type { EventHandler, Subscription } from '../ports/index.js';

/** One publication, as every group gets it. */
export interface Publication {
  readonly id: string;
  readonly correlationId: string;
  readonly payload: unknown;
}

export interface HandlersOptions {
  /** The event's type and the group's name, for a person. */
  readonly name: string;
  readonly clock: Clock;
  readonly log: Logger;
  /** Milliseconds before the second attempt; doubles with every further one. */
  readonly firstDelay: number;
  /** Milliseconds between two attempts at most. */
  readonly maxDelay: number;
  /** Called when a handler has come or gone. */
  readonly changed: () => void;
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

/** The handlers of one group, which take turns; whoever uses them delivers one event at a time. */
export class Handlers {
  readonly #members: Member[] = [];
  readonly #delivering = new AsyncLocalStorage<Member>();
  #turn = 0;
  #failure: Failure | undefined;
  #backoff = new AbortController();

  constructor(private readonly options: HandlersOptions) {}

  get subscribed(): boolean {
    return this.#members.length > 0;
  }
  /** Nothing fails where nobody is subscribed. */
  get failure(): Failure | undefined {
    return this.subscribed ? this.#failure : undefined;
  }

  join(handler: EventHandler<unknown>): Subscription {
    const member: Member = { handler };
    this.#members.push(member);
    this.options.changed();
    return { close: () => this.#leave(member) };
  }

  /** Sends every handler away, and waits for the delivery under way. */
  async close(): Promise<void> {
    await Promise.all([...this.#members].map((member) => this.#leave(member)));
  }

  /**
   * Calls the handler whose turn it is, if there is one.
   * @param attempt 1 for the first
   * @returns whether one has handled it
   */
  async deliver(publication: Publication, attempt: number): Promise<boolean> {
    const member = this.#members[this.#turn++ % Math.max(1, this.#members.length)];
    if (!member) return false;
    member.delivery = this.#call(member, publication, attempt);
    return member.delivery;
  }

  /** Waits as long as after so many attempts, or until the last handler leaves. */
  async backOff(attempts: number): Promise<void> {
    if (!this.subscribed) return;
    const backoff = new AbortController();
    this.#backoff = backoff;
    try {
      await this.options.clock.delay(this.#delay(attempts), backoff.signal);
    } catch (error) {
      if (!backoff.signal.aborted) throw error;
    }
  }

  /** What failed is no longer delivered here. */
  forgetFailure(): void {
    this.#failure = undefined;
  }

  async #leave(member: Member): Promise<void> {
    const at = this.#members.indexOf(member);
    if (at >= 0) this.#members.splice(at, 1);
    if (!this.subscribed) this.#backoff.abort();
    this.options.changed();
    // A handler that closes its own subscription would wait for itself.
    if (this.#delivering.getStore() !== member) await member.delivery;
  }

  #call(member: Member, { id, correlationId, payload }: Publication, attempt: number): Promise<boolean> {
    return this.#delivering.run(member, () =>
      correlated(correlationId, async () => {
        try {
          await member.handler(payload, { id, correlationId, attempt });
          this.#failure = undefined;
          return true;
        } catch (error) {
          this.#failure = { attempts: attempt, message: messageOf(error) };
          const { name: event, log } = this.options;
          const delay = this.#delay(attempt);
          log.warn('an event handler failed; it is tried again', { event, id, attempt, delay, error });
          return false;
        }
      }),
    );
  }

  #delay(attempts: number): number {
    const { firstDelay, maxDelay } = this.options;
    return Math.min(maxDelay, firstDelay * 2 ** (attempts - 1));
  }
}

/** Anything may be thrown, also what cannot become a string. */
function messageOf(error: unknown): string {
  if (error instanceof Error) return error.message;
  return typeof error === 'string' ? error : inspect(error, { depth: 0 });
}
