import type { KeyRange, PreparedPut } from '../../../core/state/index.js';
import { SortedKeys } from './sorted-keys.js';

/** A value as the memory holds it: a frozen document shared with every reader, or bytes that are copied for each. */
export interface Row {
  readonly key: string;
  readonly revision: number;
  readonly value: unknown;
  readonly entries: PreparedPut['entries'];
}

/** The values of one collection, by key and by index. */
export class Table {
  readonly #rows = new Map<string, Row>();
  readonly #keys = new SortedKeys();
  readonly #indexes = new Map<string, SortedKeys>();

  get(key: string): Row | undefined {
    return this.#rows.get(key);
  }

  put(row: Row): void {
    this.#unindex(row.key);
    this.#rows.set(row.key, row);
    this.#keys.add(row.key);
    for (const { index, equals } of row.entries) {
      const id = indexId(index, equals);
      const keys = this.#indexes.get(id) ?? new SortedKeys();
      keys.add(row.key);
      this.#indexes.set(id, keys);
    }
  }

  delete(key: string): void {
    this.#unindex(key);
    this.#rows.delete(key);
    this.#keys.delete(key);
  }

  count(index: KeyRange['index']): number {
    return this.#keysOf(index)?.size ?? 0;
  }

  *rows(range: KeyRange): Iterable<Row> {
    for (const key of this.#keysOf(range.index)?.from(range.from, range.inclusive) ?? []) {
      const row = this.#rows.get(key);
      if (row) yield row;
    }
  }

  #keysOf(index: KeyRange['index']): SortedKeys | undefined {
    return index ? this.#indexes.get(indexId(index.name, index.equals)) : this.#keys;
  }

  #unindex(key: string): void {
    for (const { index, equals } of this.#rows.get(key)?.entries ?? []) {
      const id = indexId(index, equals);
      const keys = this.#indexes.get(id);
      keys?.delete(key);
      if (keys?.size === 0) this.#indexes.delete(id);
    }
  }
}

// No entry holds U+0000, so the last one parts the two.
const indexId = (index: string, equals: string): string => `${index}\0${equals}`;
