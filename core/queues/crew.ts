import { setImmediate } from 'node:timers/promises';
import { inspect } from 'node:util';
import type { Clock } from '../plugin/clock.js';
import type { Logger } from '../plugin/logger.js';
import type { Worker, WorkHandler } from '../ports/index.js';
import { backoff } from '../work/backoff.js';
import { LinkedAbortController } from '../work/linked-abort-controller.js';
import type { Source, TakenItem } from './source.js';

export interface CrewParts {
  readonly queue: string;
  readonly source: Source;
  readonly handler: WorkHandler<unknown>;
  /** How many items at a time. */
  readonly parallel: number;
  readonly clock: Clock;
  readonly log: Logger;
  /** Called once, when it takes nothing more and has nothing under way. */
  readonly gone: () => void;
}

/** A handler at work: takes an item whenever it has a hand free, and waits where there is none. */
export class Crew implements Worker {
  readonly #parts: CrewParts;
  readonly #stopping = new AbortController();
  readonly #underWay = new Set<Promise<void>>();
  readonly #taking: Promise<void>;
  #closing: Promise<void> | undefined;
  #closed = false;
  /** Whether there may be something since the last question. */
  #woken = false;
  #resting = new AbortController();

  constructor(parts: CrewParts) {
    this.#parts = parts;
    this.#taking = this.#take();
  }

  /** There may be something to do. */
  wake(): void {
    this.#woken = true;
    this.#resting.abort();
  }

  close({ stop = false }: { readonly stop?: boolean } = {}): Promise<void> {
    if (stop) this.#stopping.abort(new Error('the worker was told to stop'));
    this.#closing ??= this.#close();
    return this.#closing;
  }

  async #close(): Promise<void> {
    this.#closed = true;
    this.wake();
    await this.#taking;
    await Promise.all(this.#underWay);
    this.#parts.gone();
  }

  async #take(): Promise<void> {
    const { source, parallel, queue, log } = this.#parts;
    let failures = 0;
    // A turn of the event loop before each question: a chain of items starves nobody.
    for (await setImmediate(); !this.#closed; await setImmediate()) {
      if (this.#underWay.size >= parallel) {
        await Promise.race(this.#underWay);
        continue;
      }
      this.#woken = false;
      try {
        const taken = await source.take();
        failures = 0;
        if (taken === undefined || typeof taken === 'number') await this.#rest(taken);
        else if (this.#closed) await taken.giveBack();
        else this.#begin(taken);
      } catch (error) {
        if (this.#closed) return;
        log.debug('a work queue could not be asked for items; tried again', { queue, error });
        await this.#rest(backoff(++failures, 50, 2000));
      }
    }
  }

  #begin(item: TakenItem): void {
    const done = this.#work(item).finally(() => this.#underWay.delete(done));
    this.#underWay.add(done);
  }

  async #work(item: TakenItem): Promise<void> {
    const { handler, queue, log } = this.#parts;
    const { id, payload, attempt, lost } = item;
    const over = new LinkedAbortController(lost, this.#stopping.signal);
    const { signal } = over;
    try {
      await handler(payload, { id, attempt, signal });
    } catch (error) {
      // Who was told to stop has not failed.
      if (signal.aborted) return item.giveBack();
      log.warn('an item of a work queue failed', { queue, id, attempt, error });
      return item.failed(messageOf(error));
    } finally {
      over.unlink();
    }
    await item.done();
  }

  /** Until it is woken, and no longer than so many milliseconds. */
  async #rest(milliseconds: number | undefined): Promise<void> {
    if (this.#woken || this.#closed) return;
    const resting = new AbortController();
    this.#resting = resting;
    const { signal } = resting;
    const woken = new Promise<void>((resolve) => signal.addEventListener('abort', () => resolve(), { once: true }));
    if (milliseconds === undefined) return woken;
    await this.#parts.clock.delay(milliseconds, signal).catch((error: unknown) => {
      if (!signal.aborted) throw error;
    });
  }
}

const longestReason = 1000;

/** Anything may be thrown, also what cannot become a string. */
function messageOf(error: unknown): string {
  const text =
    error instanceof Error ? error.message : typeof error === 'string' ? error : inspect(error, { depth: 0 });
  // Not through the middle of a character.
  return text.slice(0, longestReason).replace(/\p{Surrogate}/gu, '');
}
