import type { Collection, ListQuery, Page, Stored } from '../ports/state.js';

export const defaultLimit = 100;
export const maxLimit = 1000;

/**
 * A checked {@link ListQuery}: where to begin, and when to stop.
 *
 * @experimental
 */
export interface KeyRange {
  readonly index: ListQuery['index'];
  /** The first key to look at; it counts itself only when `inclusive`. */
  readonly from: string;
  readonly inclusive: boolean;
  /** The first key that does not start with this ends the range. */
  readonly prefix: string;
  readonly limit: number;
}

/**
 * @throws RangeError when the limit is not 1 to 1,000
 * @throws TypeError when the collection does not declare the index
 * @experimental
 */
export function keyRange<T>(of: Collection<T>, query: ListQuery = {}): KeyRange {
  const { index, prefix = '', limit = defaultLimit, after } = query;
  if (!Number.isInteger(limit) || limit < 1 || limit > maxLimit) {
    throw new RangeError(`${of.name}: a page's limit is 1 to ${maxLimit}, not ${limit}`);
  }
  checkIndex(of, index);
  const past = after !== undefined && after >= prefix;
  return { index, from: past ? after : prefix, inclusive: !past, prefix, limit };
}

/**
 * @throws TypeError when the collection does not declare the index
 * @experimental
 */
export function checkIndex<T>(of: Collection<T>, index: ListQuery['index']): void {
  if (index === undefined || Object.hasOwn(of.indexes, index.name)) return;
  const declared = Object.keys(of.indexes).join(', ') || 'none';
  throw new TypeError(`${of.name}: no index ${index.name} is declared; there are: ${declared}`);
}

/**
 * Cuts a page out of rows in key order.
 *
 * @param rows begins at the range's start; read no further than one row past the page
 * @experimental
 */
export function buildPage<R extends { readonly key: string }, T>(
  rows: Iterable<R>,
  range: KeyRange,
  item: (row: R) => Stored<T>,
): Page<T> {
  const items: Stored<T>[] = [];
  for (const row of rows) {
    if (!row.key.startsWith(range.prefix)) break;
    const last = items.at(-1);
    if (items.length === range.limit && last) return { items, next: last.key };
    items.push(item(row));
  }
  return { items };
}
