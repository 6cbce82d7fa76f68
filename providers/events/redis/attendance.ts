import type { Clock, Logger } from '../../../core/plugin/index.js';
import type { Group } from './group.js';
import type { Line } from './line.js';

export interface AttendanceParts {
  readonly line: Line;
  readonly clock: Clock;
  readonly log: Logger;
  /** Days after which a group is forgotten that no host subscribes to. */
  readonly forgetAfter: number;
  /** The groups that are subscribed to on this host. */
  readonly subscribed: () => readonly Group[];
}

const hour = 3_600_000;
const day = 86_400;

/** Says every hour which groups are subscribed to here, and forgets those that nobody has subscribed to for days. */
export class Attendance {
  readonly #stopping = new AbortController();
  #attending: Promise<void> = Promise.resolve();

  constructor(private readonly parts: AttendanceParts) {}

  start(): void {
    this.#attending = this.#attend();
  }

  async stop(): Promise<void> {
    this.#stopping.abort();
    await this.#attending;
  }

  async #attend(): Promise<void> {
    const { line, clock, log, forgetAfter, subscribed } = this.parts;
    const { signal } = this.#stopping;
    // Not at once: after days without any host, all of them have to subscribe again first.
    for (;;) {
      await clock.delay(hour, signal).catch(() => undefined);
      if (signal.aborted) return;
      try {
        const names = subscribed().map(({ name }) => name);
        const forgotten = await line.attend(names, forgetAfter * day);
        for (const each of forgotten)
          log.warn('a group that no host subscribed to was forgotten', { ...each, forgetAfter });
      } catch (error) {
        log.debug('Redis could not be told which groups are subscribed to; tried again in an hour', { error });
      }
    }
  }
}
