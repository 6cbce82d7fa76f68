import type { Clock } from '../../../core/plugin/index.js';
import { backoff } from '../../../core/work/index.js';

export interface RenewalParts {
  readonly clock: Clock;
  /** For how many milliseconds a lease is given each time. */
  readonly duration: number;
  /** When the lease was asked for, milliseconds since the epoch: Redis gave it later than that. */
  readonly since: number;
  /** @returns false when another has had it; rejects when that is not known */
  readonly renew: () => Promise<boolean>;
  readonly lose: (reason: string) => void;
}

/**
 * Keeps a lease: it is renewed at a third of its time, so that a Redis which is away for a moment takes nothing. When it
 * could not be renewed in time, or not at all, its holder is told before anybody else can have it.
 */
export class Renewal {
  readonly #ended = new AbortController();
  readonly #running: Promise<void>;

  constructor(private readonly parts: RenewalParts) {
    this.#running = this.#run();
  }

  /** Resolves when nothing is renewed any more. */
  async end(): Promise<void> {
    this.#ended.abort();
    await this.#running;
  }

  async #run(): Promise<void> {
    const { clock, duration, since, renew, lose } = this.parts;
    const { signal } = this.#ended;
    let until = since + duration;
    let failures = 0;
    let pause = duration / 3;
    while (await this.#waited(Math.min(pause, until - clock.now()))) {
      const asked = clock.now();
      const answer = asked >= until ? 'late' : await this.#inTime(renew(), until - asked);
      if (signal.aborted) return;
      if (answer === 'late') return lose(`it could not be renewed within ${duration / 1000} s`);
      if (answer === 'no') return lose('somebody else has had it');
      if (answer === 'yes') [until, failures, pause] = [asked + duration, 0, duration / 3];
      else pause = backoff(++failures, 50, duration / 10);
    }
  }

  /** @returns false when it was ended meanwhile */
  async #waited(milliseconds: number): Promise<boolean> {
    const { signal } = this.#ended;
    await this.parts.clock.delay(Math.max(0, milliseconds), signal).catch(() => undefined);
    return !signal.aborted;
  }

  /** A Redis that does not answer is no reason to believe in the lease for longer. */
  async #inTime(renewed: Promise<boolean>, milliseconds: number): Promise<'yes' | 'no' | 'late' | 'unknown'> {
    const over = new AbortController();
    const stop = (): void => over.abort();
    this.#ended.signal.addEventListener('abort', stop, { once: true });
    const late = this.parts.clock.delay(milliseconds, over.signal).then(
      () => 'late' as const,
      () => 'unknown' as const,
    );
    const answer = renewed.then(
      (kept) => (kept ? ('yes' as const) : ('no' as const)),
      () => 'unknown' as const,
    );
    try {
      return await Promise.race([answer, late]);
    } finally {
      this.#ended.signal.removeEventListener('abort', stop);
      over.abort();
    }
  }
}
