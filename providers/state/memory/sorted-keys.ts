/** A set of strings in code-unit order. */
export class SortedKeys {
  readonly #keys: string[] = [];

  get size(): number {
    return this.#keys.length;
  }

  add(key: string): void {
    const at = this.#firstFrom(key);
    if (this.#keys[at] !== key) this.#keys.splice(at, 0, key);
  }

  delete(key: string): void {
    const at = this.#firstFrom(key);
    if (this.#keys[at] === key) this.#keys.splice(at, 1);
  }

  /** The keys from `key` on; it counts itself only when `inclusive`. */
  *from(key: string, inclusive: boolean): Iterable<string> {
    for (let at = this.#firstFrom(key); at < this.#keys.length; at++) {
      const found = this.#keys[at];
      if (found !== undefined && (inclusive || found !== key)) yield found;
    }
  }

  /** Where the first key stands that is not before `key`. */
  #firstFrom(key: string): number {
    let low = 0;
    let high = this.#keys.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((this.#keys[middle] ?? '') < key) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}
