import { Latch } from '../../latch.js';

/** Where a case and a handler meet: whichever comes first makes it. */
export class Meeting {
  /** Opened by the handler when it runs. */
  readonly begun = new Latch();
  /** Opened by the case: the handler goes on. */
  readonly released = new Latch();
  /** Opened when the handler's signal aborts. */
  readonly aborted = new Latch();
  /** Opened when the handler, or its stream, has ended in whatever way. */
  readonly ended = new Latch();
  /** Items that the producer was asked for. */
  pulled = 0;
}

/** By key. */
export class Meetings {
  readonly #all = new Map<string, Meeting>();

  at(key: string): Meeting {
    const known = this.#all.get(key) ?? new Meeting();
    this.#all.set(key, known);
    return known;
  }

  /** Lets everybody go: nothing of a case waits when it is over. */
  dismiss(): void {
    for (const { released } of this.#all.values()) released.open();
  }
}
