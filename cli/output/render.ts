import type { Format } from './formats.js';
import { type Column, table } from './table.js';

/** Things of one kind in the form that was asked for. */
export async function render<T>(
  items: readonly T[],
  columns: readonly Column<T>[],
  format: Format,
  /** One thing was asked for by name: it stands alone, not in a list. */
  single: boolean,
): Promise<string> {
  switch (format) {
    case 'json':
      return JSON.stringify(single ? items[0] : { items }, undefined, 2);
    case 'yaml':
      return toYaml(single ? items[0] : { items });
    default:
      return table(
        columns.filter(({ wide }) => format === 'wide' || wide !== true),
        items,
      );
  }
}

/** @returns YAML with a line break at its end */
export async function toYaml(value: unknown): Promise<string> {
  const { stringify } = await import('yaml');
  return stringify(value, { lineWidth: 0 });
}
