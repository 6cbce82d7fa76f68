import type { PinnedSource } from './pin.js';

/** Where a definition can be had once more, by another thread or process. */
export type Origin =
  /** Loaded as a profile says. */
  | { readonly kind: 'loaded'; readonly source: PinnedSource }
  /** Announced by a module, whose default export is the list: what is built in. */
  | { readonly kind: 'announced'; readonly module: string };
