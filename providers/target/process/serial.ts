/** Runs tasks one after the other, in the order they were given. */
export class Serial {
  #last: Promise<unknown> = Promise.resolve();
  #waiting = 0;

  /** Whether nothing runs or waits. */
  get isIdle(): boolean {
    return this.#waiting === 0;
  }

  run<T>(task: () => Promise<T>): Promise<T> {
    this.#waiting += 1;
    const result = this.#last.then(task).finally(() => {
      this.#waiting -= 1;
    });
    // Whoever gave the task hears of its failure; the next one does not care.
    this.#last = result.catch(() => undefined);
    return result;
  }

  async idle(): Promise<void> {
    while (!this.isIdle) await this.#last;
  }
}
