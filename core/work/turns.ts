import { Semaphore } from './semaphore.js';

/**
 * Runs work of one key in the order it came, one after the other; work of different keys at the same time.
 * @experimental
 */
export class Turns {
  readonly #queues = new Map<string, { readonly turn: Semaphore; users: number }>();

  /** Whether work of the key goes on or waits. */
  has(key: string): boolean {
    return this.#queues.has(key);
  }

  /**
   * Resolves and rejects as `work` does. To work that has begun, `signal` means nothing here.
   *
   * @throws the signal's reason, as soon as it aborts while `work` waits; it never begins then
   */
  async take<T>(key: string, work: () => Promise<T>, signal?: AbortSignal): Promise<T> {
    const queue = this.#queues.get(key) ?? { turn: new Semaphore(1), users: 0 };
    this.#queues.set(key, queue);
    queue.users++;
    try {
      return await queue.turn.run(work, signal);
    } finally {
      queue.users--;
      if (queue.users === 0) this.#queues.delete(key);
    }
  }

  /** Resolves when nothing goes on or waits. */
  async idle(): Promise<void> {
    while (this.#queues.size > 0) {
      await Promise.all([...this.#queues.keys()].map((key) => this.take(key, async () => undefined)));
    }
  }
}
