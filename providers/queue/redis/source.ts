import { ulid } from 'ulid';
import type { Clock, Logger } from '../../../core/plugin/index.js';
import type { Source, TakenItem } from '../../../core/queues/index.js';
import type { Ending, Held, Line } from './line.js';
import type { SignsOfLife } from './signs-of-life.js';

export interface RedisSourceParts {
  readonly queue: string;
  readonly line: Pick<Line, 'take' | 'end'>;
  readonly signs: SignsOfLife;
  readonly clock: Clock;
  readonly log: Logger;
  /** Told how many items of the queue have failed for good, whoever gave them up. */
  readonly failures: (count: number) => void;
}

/** The items of one queue for a crew of this host. */
export class RedisSource implements Source {
  constructor(private readonly parts: RedisSourceParts) {}

  async take(): Promise<TakenItem | number | undefined> {
    const { queue, line, signs, clock, log, failures } = this.parts;
    const owner = ulid();
    const since = clock.now();
    const { taken, lost, failed } = await line.take(queue, owner);
    failures(failed);
    if (lost > 0) log.error('items of a work queue have failed for good: their workers were lost', { queue, lost });
    if (taken.kind === 'none') return taken.again === undefined ? undefined : taken.again + 1;
    const { id, payload, attempt } = taken;
    const held = { queue, id, owner };
    return {
      id,
      payload,
      attempt,
      lost: signs.begin(held, since),
      done: () => this.#end(held, { how: 'done' }),
      failed: (reason) => this.#end(held, { how: 'failed', reason }),
      giveBack: () => this.#end(held, { how: 'back' }),
    };
  }

  async #end(held: Held, ending: Ending): Promise<void> {
    const { queue, id } = held;
    const { line, signs, log } = this.parts;
    // Before it is told: a sign of life that comes after the end would find that nobody has the item.
    signs.end(held);
    try {
      const outcome = await line.end(held, ending);
      if (outcome === 'for good') log.error('an item of a work queue has failed for good', { queue, id, ...ending });
      if (outcome === 'lost') log.warn('an item of a work queue had another worker when it ended here', { queue, id });
    } catch (error) {
      // For want of signs of life it is worked on again: at least once.
      log.warn('Redis could not be told how an item ended; it is worked on again', { queue, id, error });
    }
  }
}
