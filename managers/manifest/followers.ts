/** Wakes who waits for the next change of a key. Nothing is kept of who does not wait. */
export class Followers {
  readonly #waiting = new Map<string, Set<() => void>>();

  changed(key: string): void {
    for (const wake of this.#waiting.get(key) ?? []) wake();
  }

  /** Resolves with the next change, or when the signal aborts. */
  next(key: string, signal: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      const waiting = this.#waiting.get(key) ?? new Set();
      const wake = (): void => {
        signal.removeEventListener('abort', wake);
        waiting.delete(wake);
        if (waiting.size === 0 && this.#waiting.get(key) === waiting) this.#waiting.delete(key);
        resolve();
      };
      this.#waiting.set(key, waiting.add(wake));
      signal.addEventListener('abort', wake);
      if (signal.aborted) wake();
    });
  }
}
