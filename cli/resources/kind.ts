import type { z } from 'zod';
import type { Column } from '../output/table.js';
import type { Field } from '../output/text.js';

/** What every thing of the API has. */
export interface Item {
  readonly id: string;
  readonly metadata: { readonly name: string; readonly namespace?: string | undefined };
}

/** One kind of thing that the operator API keeps: where it is and how a person is shown it. */
export interface Kind<T extends Item, N extends string = string> {
  /** As in `tutti get packages`. */
  readonly plural: N;
  readonly singular: string;
  readonly aliases: readonly string[];
  readonly path: string;
  readonly schema: z.ZodType<T>;
  readonly columns: (now: number) => readonly Column<T>[];
  readonly describe: (item: T, now: number) => readonly Field[];
  /** What one does with such a thing next. */
  readonly next: (item: T) => string;
}

/** The part of an id that tables show, and that commands take for the whole. */
export function shortId(id: string): string {
  return id.slice(0, 8);
}
