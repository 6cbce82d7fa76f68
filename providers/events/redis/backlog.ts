import type { Clock, Logger } from '../../../core/plugin/index.js';
import type { Line } from './line.js';

export interface BacklogParts {
  readonly line: Pick<Line, 'waiting'>;
  readonly clock: Clock;
  readonly log: Logger;
  /** From how many unhandled events of a type on a person is told. */
  readonly warnAbove: number;
}

const minute = 60_000;

/** How many events wait for some group: told by each publication, and looked at every minute while they are too many. */
export class Backlog {
  readonly #waiting = new Map<string, number>();
  readonly #stopping = new AbortController();
  #looking: Promise<void> = Promise.resolve();

  constructor(private readonly parts: BacklogParts) {}

  start(): void {
    this.#looking = this.#look();
  }

  async stop(): Promise<void> {
    this.#stopping.abort();
    await this.#looking;
  }

  /** Warns once each time the limit is passed, not with every event above it. */
  note(type: string, waiting: number): void {
    const { warnAbove, log } = this.parts;
    if (waiting > warnAbove && !this.#waiting.has(type)) log.warn('many events wait for delivery', { type, waiting });
    if (waiting > warnAbove) this.#waiting.set(type, waiting);
    else this.#waiting.delete(type);
  }

  /** In words, for a person. */
  get reasons(): readonly string[] {
    return [...this.#waiting].map(([type, waiting]) => `${waiting} events ${type} wait for some group`);
  }

  async #look(): Promise<void> {
    const { line, clock, log } = this.parts;
    const { signal } = this.#stopping;
    for (;;) {
      await clock.delay(minute, signal).catch(() => undefined);
      if (signal.aborted) return;
      try {
        for (const type of [...this.#waiting.keys()]) this.note(type, await line.waiting(type));
      } catch (error) {
        log.debug('Redis could not be asked how many events wait; tried again in a minute', { error });
      }
    }
  }
}
