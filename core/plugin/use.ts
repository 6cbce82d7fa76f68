import type { Ref } from '../ports/port.js';
import type { Uses } from './definition.js';

/** One of the things that an entry uses, as its definition says it. */
export type Use = Uses[string];

/** How a use asks: for one, for one or none, or for all. */
export type Count = 'one' | 'optional' | 'every';

/** How many a use asks for, and of what. */
export interface Demand {
  readonly count: Count;
  readonly ref: Ref<unknown>;
}

/** Reads what `ref`, `optional(ref)` and `every(ref)` say. */
export function demandOf(use: Use): Demand {
  if ('optional' in use) return { count: 'optional', ref: use.optional };
  return 'every' in use ? { count: 'every', ref: use.every } : { count: 'one', ref: use };
}

/** Each count in words, for a table or a line of help. */
export const countInWords: Readonly<Record<Count, string>> = { one: 'one', optional: 'one or none', every: 'all' };
