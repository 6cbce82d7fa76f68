import type { Operator } from '../client/operator.js';
import type { Column } from '../output/table.js';
import type { Field } from '../output/text.js';

/** What every thing of the API has. */
export interface Item {
  readonly id: string;
  readonly metadata: { readonly name: string; readonly namespace?: string | undefined };
}

/** What a list may be narrowed by; a kind heeds what it has. */
export interface Filter {
  readonly name?: string | undefined;
  readonly namespace?: string | undefined;
  /** Devices: whether they can run it; deployments: only those of it. */
  readonly appPackageId?: string | undefined;
  readonly deviceId?: string | undefined;
}

export interface Page extends Filter {
  readonly limit: number;
  readonly continue: string | undefined;
}

/** One kind of thing that the operator API keeps: how one gets at it and how a person is shown it. */
export interface Kind<T extends Item, N extends string = string> {
  /** As in `tutti get packages`. */
  readonly plural: N;
  readonly singular: string;
  readonly aliases: readonly string[];
  readonly list: (
    client: Operator,
    page: Page,
  ) => Promise<{ readonly items: readonly T[]; readonly metadata: { readonly continue?: string | undefined } }>;
  readonly get: (client: Operator, id: string, filter: Filter) => Promise<T>;
  readonly remove: (client: Operator, id: string, force: boolean | undefined) => Promise<unknown>;
  readonly columns: (now: number) => readonly Column<T>[];
  readonly describe: (item: T, now: number) => readonly Field[];
  /** What one does with such a thing next. */
  readonly next: (item: T) => string;
}

/** The part of an id that tables show, and that commands take for the whole. */
export function shortId(id: string): string {
  return id.slice(0, 8);
}
