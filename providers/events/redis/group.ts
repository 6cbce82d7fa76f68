import { once } from 'node:events';
import { setImmediate } from 'node:timers/promises';
import { type Failure, Handlers, type HandlersOptions } from '../../../core/events/index.js';
import type { EventHandler, Subscription } from '../../../core/ports/index.js';
import { backoff } from '../../../core/work/index.js';
import { askAgain, type Delivery, type GroupName } from './delivery.js';
import type { Line } from './line.js';
import type { SignsOfLife } from './signs-of-life.js';

export interface GroupParts extends Omit<HandlersOptions, 'name' | 'changed'>, GroupName {
  readonly line: Line;
  readonly signs: SignsOfLife;
  /** Milliseconds without a sign of life after which what another host delivers is taken from it. */
  readonly claimAfter: number;
  /** Called whenever something was delivered, failed, or is not there to be delivered. */
  readonly progress: () => void;
}

/**
 * A group on this host. Of all hosts one delivers at a time, in order; the others wait until it is done, gives up, or gives
 * no sign of life any more.
 */
export class Group {
  readonly #parts: GroupParts;
  readonly #handlers: Handlers;
  #running: Promise<void> | undefined;
  #stopping = false;
  /** Whether Redis has had this group on its list. */
  #known = false;
  /** The entry that was handled and is not acknowledged yet. */
  #done: string | undefined;
  /** Whether there is something to look at since the last question. */
  #woken = false;
  #resting = new AbortController();
  #questions = 0;
  #idleSince = 0;
  #handled = 0;

  constructor(parts: GroupParts) {
    this.#parts = parts;
    const name = `${parts.type} for ${parts.group}`;
    this.#handlers = new Handlers({ ...parts, name, changed: () => this.#changed() });
  }

  get name(): GroupName {
    return this.#parts;
  }
  get subscribed(): boolean {
    return this.#handlers.subscribed;
  }
  get known(): boolean {
    return this.#known;
  }
  /** Where its events begin, should Redis not know it: at those to come, unless a failover has lost the group. */
  get from(): '$' | '0' {
    return this.#known ? '0' : '$';
  }
  get failure(): Failure | undefined {
    return this.#handlers.failure;
  }
  /** How many events were handled here. */
  get handled(): number {
    return this.#handled;
  }
  /** How often Redis was asked what there is to do. */
  get questions(): number {
    return this.#questions;
  }

  join(handler: EventHandler<unknown>): Subscription {
    return this.#handlers.join(handler);
  }

  /** Looks for something to do, at once. */
  wake(): void {
    this.#woken = true;
    this.#resting.abort();
    if (this.subscribed) this.#running ??= this.#run();
  }

  /** Whether a question after so many has found nothing to do, or waiting is pointless: nobody is there, or they fail. */
  settledSince(questions: number): boolean {
    return !this.subscribed || this.failure !== undefined || this.#idleSince > questions;
  }

  /** Ends deliveries, and waits for the one under way. */
  close(): Promise<void> {
    return this.#handlers.close();
  }

  /** After {@link close}: waits until Redis knows what was handled, or cannot be told. */
  async stop(): Promise<void> {
    this.#stopping = true;
    this.#resting.abort();
    await this.#running;
  }

  #changed(): void {
    this.#parts.progress();
    this.wake();
  }

  async #run(): Promise<void> {
    let failures = 0;
    // A turn of the event loop before each question: a chain of events starves nobody.
    for (await setImmediate(); this.subscribed || this.#done !== undefined; await setImmediate()) {
      try {
        await this.#rest(await this.#turn());
        failures = 0;
      } catch (error) {
        if (this.#stopping) break;
        this.#parts.log.debug('Redis could not be asked for events; tried again', { ...this.#label, error });
        this.#settle();
        await this.#rest(backoff(++failures, 50, 2000));
      }
    }
    this.#running = undefined;
    if (this.subscribed && !this.#stopping) this.wake();
  }

  get #label(): GroupName {
    const { type, group } = this.#parts;
    return { type, group };
  }

  /** @returns for how many milliseconds there is nothing to do; `undefined`: until it is woken */
  async #turn(): Promise<number | undefined> {
    const { line, claimAfter } = this.#parts;
    this.#woken = false;
    this.#questions++;
    const next = await line.next(this.#label, this.#done, this.subscribed, this.from);
    this.#known = true;
    this.#done = undefined;
    if (next.kind === 'delivery') {
      await this.#deliver(next.delivery);
      return 0;
    }
    this.#settle();
    return next.kind === 'busy' ? askAgain(claimAfter, next.idle, line.connected) : undefined;
  }

  async #deliver(delivery: Delivery): Promise<void> {
    const { signs, line, progress, log } = this.#parts;
    signs.begin(delivery);
    try {
      while (this.subscribed && !delivery.lost) {
        if (await this.#handlers.deliver(delivery.publication, ++delivery.attempts)) {
          this.#done = delivery.entry;
          this.#handled++;
          return progress();
        }
        progress();
        await this.#handlers.backOff(delivery.attempts);
        await setImmediate();
      }
    } finally {
      signs.end(delivery);
    }
    this.#handlers.forgetFailure();
    // Where it cannot be told, others take it for lack of signs of life.
    const untold = (error: unknown): void => log.debug('other hosts could not be told to go on', { error });
    await line.giveUp(delivery).catch(untold);
  }

  #settle(): void {
    this.#idleSince = this.#questions;
    this.#parts.progress();
  }

  /** Until it is woken, and no longer than so many milliseconds. */
  async #rest(milliseconds: number | undefined): Promise<void> {
    if (this.#woken || this.#stopping || milliseconds === 0) return;
    const resting = new AbortController();
    this.#resting = resting;
    const { signal } = resting;
    if (milliseconds === undefined) return void (await once(signal, 'abort'));
    try {
      await this.#parts.clock.delay(milliseconds, signal);
    } catch (error) {
      if (!signal.aborted) throw error;
    }
  }
}
