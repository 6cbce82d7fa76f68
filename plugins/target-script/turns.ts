/** Runs work under one key in the order it came, one after the other; work under other keys at the same time. */
export class Turns {
  readonly #last = new Map<string, Promise<void>>();

  has(key: string): boolean {
    return this.#last.has(key);
  }

  async take(key: string, work: () => Promise<void>): Promise<void> {
    const mine = (this.#last.get(key) ?? Promise.resolve()).then(work);
    // Who called hears of a failure; who comes next does not care.
    const done = mine.catch(() => undefined);
    this.#last.set(key, done);
    try {
      await mine;
    } finally {
      if (this.#last.get(key) === done) this.#last.delete(key);
    }
  }

  /** Resolves when nothing is under way. */
  async idle(): Promise<void> {
    while (this.#last.size > 0) await Promise.all(this.#last.values());
  }
}
