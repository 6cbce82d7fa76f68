import type { Filter, Item, Kind } from '../resources/index.js';
import type { Operator } from './operator.js';

const usual = 500;

/** Everything of a kind, over all its pages. */
export async function* list<T extends Item>(
  client: Operator,
  kind: Kind<T>,
  filter: Filter = {},
  pageSize = usual,
): AsyncGenerator<T, void, undefined> {
  for (let next: string | undefined; ; ) {
    const { items, metadata } = await kind.list(client, { ...filter, limit: pageSize, continue: next });
    yield* items;
    next = metadata.continue;
    if (next === undefined) return;
  }
}
