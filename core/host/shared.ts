import { isDeepStrictEqual } from 'node:util';
import { RateLimiter, type RateLimits } from '../operation/rate-limit.js';
import { RememberedReplies } from '../operation/remembered-replies.js';
import type { Clock } from '../plugin/clock.js';
import type { StateProvider } from '../ports/state.js';

/** What all bindings of a host share, and go on sharing when some of them are replaced. */
export class SharedByBindings {
  readonly #replies = new WeakMap<StateProvider, RememberedReplies>();
  #limits: RateLimits | undefined;
  #limiter: RateLimiter | undefined;

  constructor(
    private readonly clock: Clock,
    limits?: RateLimits,
  ) {
    this.limit(limits);
  }

  get limiter(): RateLimiter | undefined {
    return this.#limiter;
  }

  /** Holds callers to other limits from their next call on. They begin rested, unless the limits are the same. */
  limit(limits: RateLimits | undefined): void {
    if (isDeepStrictEqual(limits, this.#limits)) return;
    this.#limits = limits;
    this.#limiter = limits && new RateLimiter(limits, this.clock);
  }

  /** One for each state, so that a call may be made again on another binding, or on the same one after a reload. */
  repliesIn(state: StateProvider): RememberedReplies {
    const known = this.#replies.get(state);
    if (known) return known;
    const replies = new RememberedReplies(state, this.clock);
    this.#replies.set(state, replies);
    return replies;
  }
}
