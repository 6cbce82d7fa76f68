import pLimit, { type LimitFunction } from 'p-limit';

/** Runs work of one key in the order it came, one after the other; work of different keys at the same time. */
export class Turns {
  readonly #queues = new Map<string, { readonly run: LimitFunction; users: number }>();

  async take<T>(key: string, work: () => Promise<T>): Promise<T> {
    const queue = this.#queues.get(key) ?? { run: pLimit(1), users: 0 };
    this.#queues.set(key, queue);
    queue.users++;
    try {
      return await queue.run(work);
    } finally {
      queue.users--;
      if (queue.users === 0) this.#queues.delete(key);
    }
  }
}
