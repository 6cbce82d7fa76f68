import type { Collection, ListQuery, StateProvider, Stored } from '../ports/index.js';

/** A page at its largest: fewest turns, and still a bounded piece of memory. */
const pageSize = 1000;

/** Every value of a collection (or of one index entry) in key order, a page at a time. */
export async function* allOf<T>(
  state: StateProvider,
  from: Collection<T>,
  query: Pick<ListQuery, 'index' | 'prefix'> = {},
): AsyncGenerator<Stored<T>, void, undefined> {
  for (let after: string | undefined; ; ) {
    const page = await state.list(from, { ...query, limit: pageSize, ...(after !== undefined && { after }) });
    yield* page.items;
    if (page.next === undefined) return;
    after = page.next;
  }
}
