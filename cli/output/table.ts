import Table from 'cli-table3';
import { printable } from './printable.js';

export interface Column<T> {
  readonly head: string;
  readonly value: (item: T) => string;
  /** Only with `-o wide`. */
  readonly wide?: boolean;
}

/** No lines, two spaces between columns: fit for eyes, `grep` and `awk`. */
const plain = {
  chars: Object.fromEntries(
    [
      ...['top', 'top-mid', 'top-left', 'top-right', 'bottom', 'bottom-mid', 'bottom-left', 'bottom-right'],
      ...['left', 'left-mid', 'mid', 'mid-mid', 'right', 'right-mid'],
    ].map((name) => [name, '']),
  ),
  style: { head: [], border: [], 'padding-left': 0, 'padding-right': 0, compact: true },
};

/** @param widths least width of each column; a table that goes on keeps the widths of its first part */
export function table<T>(columns: readonly Column<T>[], items: readonly T[], head = true): string {
  const made = new Table({ ...plain, chars: { ...plain.chars, middle: '  ' } });
  if (head) made.push(columns.map((column) => column.head));
  for (const item of items) made.push(columns.map((column) => printable(column.value(item))));
  return made
    .toString()
    .split('\n')
    .map((line) => line.trimEnd())
    .join('\n');
}
