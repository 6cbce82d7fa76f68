import { AsyncLocalStorage } from 'node:async_hooks';
import { type Clock, correlated, type EventHandler, type Logger, type Subscription } from 'tutti/plugin';

export interface Event {
  readonly id: string;
  readonly correlationId: string;
  readonly payload: unknown;
}

export interface Pauses {
  /** Milliseconds before the second attempt; twice as long before each further one. */
  readonly retry: number;
  /** Milliseconds at most. */
  readonly retryCap: number;
}

interface Member {
  readonly handler: EventHandler<unknown>;
  /** The delivery under way. */
  delivery?: Promise<boolean>;
}

/** The events of one type for one group: in order, one at a time, each until a handler of the group has succeeded. */
export class Group {
  readonly #events: Event[] = [];
  readonly #members: Member[] = [];
  readonly #delivering = new AsyncLocalStorage<Member>();
  #attempts = 0;
  #turn = 0;
  #running = false;
  #pause = new AbortController();

  constructor(
    private readonly pauses: Pauses,
    private readonly clock: Clock,
    private readonly log: Logger,
    /** Told whenever {@link settled} may have become true. */
    private readonly onSettled: () => void,
  ) {}

  /** Whether nothing is to be waited for: all is delivered, nobody is subscribed, or the handler keeps failing. */
  get settled(): boolean {
    return this.#events.length === 0 || this.#members.length === 0 || this.#attempts > 0;
  }

  /** What comes while nobody is subscribed is not for this group. */
  add(event: Event): void {
    if (this.#members.length === 0) return;
    this.#events.push(event);
    this.#start();
  }

  join(handler: EventHandler<unknown>): Subscription {
    const member: Member = { handler };
    this.#members.push(member);
    this.#start();
    return { close: () => this.#leave(member) };
  }

  async close(): Promise<void> {
    await Promise.all([...this.#members].map((member) => this.#leave(member)));
  }

  async #leave(member: Member): Promise<void> {
    const at = this.#members.indexOf(member);
    if (at >= 0) this.#members.splice(at, 1);
    if (this.#members.length === 0) this.#pause.abort();
    this.onSettled();
    // A handler that closes its own subscription would wait for itself.
    if (this.#delivering.getStore() !== member) await member.delivery;
  }

  #start(): void {
    if (this.#running) return;
    this.#running = true;
    this.#pause = new AbortController();
    // Not in the publisher's turn: it goes on first.
    setImmediate(() => void this.#run());
  }

  /** Never rejects: a delivery that fails is part of its work. */
  async #run(): Promise<void> {
    for (let event = this.#events[0]; event && this.#members.length > 0; event = this.#events[0]) {
      const member = this.#members[this.#turn++ % this.#members.length];
      if (!member) break;
      member.delivery = this.#deliver(event, member);
      const succeeded = await member.delivery;
      if (succeeded) this.#events.shift();
      this.onSettled();
      if (!succeeded) await this.#wait();
    }
    this.#running = false;
  }

  /** @returns whether the handler succeeded */
  #deliver({ id, correlationId, payload }: Event, member: Member): Promise<boolean> {
    const attempt = this.#attempts + 1;
    return this.#delivering.run(member, () =>
      correlated(correlationId, async () => {
        try {
          await member.handler(payload, { id, correlationId, attempt });
          this.#attempts = 0;
          return true;
        } catch (error) {
          this.#attempts = attempt;
          this.log.warn('an event handler failed; it is tried again', { id, attempt, error });
          return false;
        }
      }),
    );
  }

  async #wait(): Promise<void> {
    const { retry, retryCap } = this.pauses;
    try {
      await this.clock.delay(Math.min(retryCap, retry * 2 ** (this.#attempts - 1)), this.#pause.signal);
    } catch (error) {
      if (!this.#pause.signal.aborted) throw error;
    }
  }
}
