import type { Clock, Logger } from '../../../core/plugin/index.js';
import { backoff } from '../../../core/work/index.js';
import type { Held } from './held.js';

export interface WritingParts {
  readonly clock: Clock;
  readonly log: Logger;
  /** Absent: nothing is written. */
  readonly file?: { write(held: Held): Promise<void> };
}

/** Milliseconds before what could not be written is written again: the first wait, and the longest. */
const firstWait = 1_000;
const longestWait = 300_000;

/** Brings what is held into its file, one after the other, and knows what is not there yet. */
export class Writing {
  #unwritten: Held | undefined;
  #last: Promise<void> = Promise.resolve();
  #failures = 0;
  #due = Number.POSITIVE_INFINITY;
  #fault: string | undefined;

  constructor(private readonly parts: WritingParts) {}

  /** Why the file is older than what is held. */
  get fault(): string | undefined {
    return this.#fault;
  }

  /** When it is to be tried {@link again}, milliseconds since the epoch. */
  get due(): number {
    return this.#due;
  }

  /** Resolves when it was tried: see {@link fault}. */
  write(held: Held): Promise<void> {
    this.#unwritten = held;
    return this.again();
  }

  /** Tries what is not written yet. */
  again(): Promise<void> {
    this.#last = this.#last.then(() => this.#try());
    return this.#last;
  }

  async #try(): Promise<void> {
    const held = this.#unwritten;
    if (!held) return;
    try {
      await this.parts.file?.write(held);
      if (this.#unwritten === held) this.#unwritten = undefined;
      this.#failures = 0;
      this.#due = Number.POSITIVE_INFINITY;
      this.#fault = undefined;
    } catch (error) {
      this.#failed(error instanceof Error ? error.message : String(error));
    }
  }

  #failed(why: string): void {
    const { clock, log } = this.parts;
    this.#failures++;
    const wait = backoff(this.#failures, firstWait, longestWait);
    this.#due = clock.now() + wait;
    this.#fault = why;
    log.warn('the new pull credentials could not be written to their file; tried again', { again: wait, why });
  }
}
