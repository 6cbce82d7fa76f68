import type { Clock, Logger } from '../../../core/plugin/index.js';
import { backoff } from '../../../core/work/index.js';
import type { Held, Line } from './line.js';

export interface SignsOfLifeParts {
  readonly line: Pick<Line, 'keep'>;
  readonly clock: Clock;
  readonly log: Logger;
  /** Milliseconds without a sign of life after which an item is taken from its worker. */
  readonly claimAfter: number;
}

/** What is worked on here, since when by its last sign of life, and how its worker is told that another may have it. */
interface Work {
  readonly held: Held;
  until: number;
  readonly lost: AbortController;
}

/** Says of the items that are worked on here that somebody is, and tells their workers when that could not be said in time. */
export class SignsOfLife {
  readonly #work = new Map<string, Work>();
  readonly #stopping = new AbortController();
  #running: Promise<unknown> = Promise.resolve();

  constructor(private readonly parts: SignsOfLifeParts) {}

  start(): void {
    this.#running = Promise.all([this.#tell(), this.#watch()]);
  }

  /**
   * @param since when it was asked for, milliseconds since the epoch
   * @returns aborts when another may have it
   */
  begin(held: Held, since: number): AbortSignal {
    const lost = new AbortController();
    this.#work.set(held.owner, { held, until: since + this.parts.claimAfter, lost });
    return lost.signal;
  }

  end({ owner }: Held): void {
    this.#work.delete(owner);
  }

  async stop(): Promise<void> {
    this.#stopping.abort();
    await this.#running;
  }

  async #tell(): Promise<void> {
    const { signal } = this.#stopping;
    const { clock, log, claimAfter } = this.parts;
    for (let pause = claimAfter / 4, failures = 0; !signal.aborted; ) {
      await clock.delay(pause, signal).catch(() => undefined);
      if (signal.aborted) return;
      const work = [...this.#work.values()];
      if (work.length === 0) continue;
      try {
        await this.#keep(work);
        [pause, failures] = [claimAfter / 4, 0];
      } catch (error) {
        pause = Math.min(claimAfter / 4, backoff(++failures, 50, 2000));
        log.debug('Redis could not be told which items are worked on; tried again', { error });
      }
    }
  }

  async #keep(work: readonly Work[]): Promise<void> {
    const { line, clock, claimAfter } = this.parts;
    const asked = clock.now();
    const lost = new Set(await line.keep(work.map(({ held }) => held)));
    for (const each of work) {
      if (lost.has(each.held)) this.#lose(each, 'another worker has it');
      else each.until = asked + claimAfter;
    }
  }

  /** A worker is told before anybody else can have its item, however long Redis takes to answer. */
  async #watch(): Promise<void> {
    const { signal } = this.#stopping;
    const { clock, claimAfter } = this.parts;
    const step = claimAfter / 8;
    while (!signal.aborted) {
      await clock.delay(step, signal).catch(() => undefined);
      const late = [...this.#work.values()].filter(({ until }) => until - clock.now() <= step);
      if (signal.aborted) return;
      for (const each of late) this.#lose(each, 'Redis could not be told in time that it is worked on');
    }
  }

  #lose(work: Work, reason: string): void {
    const { queue, id, owner } = work.held;
    // One that has ended meanwhile is nobody's loss.
    if (!this.#work.delete(owner)) return;
    this.parts.log.warn('an item of a work queue may have another worker', { queue, id, reason });
    work.lost.abort(new Error(`the item ${JSON.stringify(id)} may have another worker: ${reason}`));
  }
}
