import { setMaxListeners } from 'node:events';
import pLimit, { type LimitFunction } from 'p-limit';

/**
 * Lets so many pieces of work go on at the same time; the others wait in the order they came.
 * @experimental
 */
export class Semaphore {
  readonly #limit: LimitFunction;

  /** @param permits at least 1 */
  constructor(permits: number) {
    this.#limit = pLimit(permits);
  }

  /**
   * Resolves and rejects as `work` does. To work that has begun, `signal` means nothing here.
   *
   * @throws the signal's reason, as soon as it aborts while `work` waits; it never begins then
   */
  run<T>(work: () => Promise<T>, signal?: AbortSignal): Promise<T> {
    return new Promise<T>((resolve, reject) => {
      const leave = (): void => reject(signal?.reason);
      if (signal?.aborted) return leave();
      if (signal) {
        // All who wait may have the same signal.
        setMaxListeners(0, signal);
        signal.addEventListener('abort', leave, { once: true });
      }
      this.#limit(async () => {
        if (signal?.aborted) return;
        signal?.removeEventListener('abort', leave);
        resolve(await work());
      }).catch(reject);
    });
  }
}
