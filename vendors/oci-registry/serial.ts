/** Runs work of the same key one after the other, of different keys side by side. */
export class Serial {
  readonly #tails = new Map<string, Promise<void>>();

  run<T>(key: string, work: () => Promise<T>): Promise<T> {
    const result = (this.#tails.get(key) ?? Promise.resolve()).then(work);
    // Who called `run` sees the rejection; the queue goes on.
    const settled = () => undefined;
    const tail: Promise<void> = result.then(settled, settled).then(() => {
      if (this.#tails.get(key) === tail) this.#tails.delete(key);
    });
    this.#tails.set(key, tail);
    return result;
  }
}
