import type { Clock } from '../plugin/clock.js';

/** What a piece of work says when it ends: done, or to be done again after so many milliseconds. */
export type WorkResult = { readonly again: number } | undefined;

export interface KeyedQueueOptions {
  readonly clock: Clock;
  /** How many keys are worked on at the same time. */
  readonly parallel: number;
  /** Does the work of a key; called for one key at a time. Must not throw: what can go wrong is part of its work. */
  readonly work: (key: string, signal: AbortSignal) => Promise<WorkResult>;
}

/**
 * Level-triggered work by key, as Kubernetes controllers do it: a key that is added while it waits is worked on once;
 * one that is added while it is worked on is worked on again afterwards. No two workers ever have the same key.
 */
export class KeyedQueue {
  readonly #waiting = new Set<string>();
  readonly #running = new Map<string, Promise<void>>();
  readonly #again = new Set<string>();
  readonly #timers = new Map<string, AbortController>();
  readonly #stopped = new AbortController();

  constructor(private readonly options: KeyedQueueOptions) {}

  add(key: string): void {
    if (this.#stopped.signal.aborted) return;
    this.#timers.get(key)?.abort();
    this.#timers.delete(key);
    if (this.#running.has(key)) this.#again.add(key);
    else this.#waiting.add(key);
    this.#next();
  }

  /** Takes no more work, tells what is under way to stop, and waits until it has. */
  async stop(): Promise<void> {
    this.#stopped.abort();
    for (const timer of this.#timers.values()) timer.abort();
    this.#waiting.clear();
    await Promise.all(this.#running.values());
  }

  #next(): void {
    for (const key of this.#waiting) {
      if (this.#running.size >= this.options.parallel) return;
      this.#waiting.delete(key);
      this.#running.set(key, this.#run(key));
    }
  }

  async #run(key: string): Promise<void> {
    const result = await this.options.work(key, this.#stopped.signal);
    this.#running.delete(key);
    if (this.#stopped.signal.aborted) return;
    if (this.#again.delete(key)) this.add(key);
    else if (result) this.#later(key, result.again);
    this.#next();
  }

  #later(key: string, milliseconds: number): void {
    const timer = new AbortController();
    this.#timers.set(key, timer);
    this.options.clock.delay(milliseconds, timer.signal).then(
      () => this.add(key),
      () => this.#timers.delete(key),
    );
  }
}
