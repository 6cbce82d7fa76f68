import type { Origin } from '../plugin/origin.js';

/** What an isolate is told to become. */
export interface Assignment {
  readonly origin: Origin;
  readonly type: string;
  readonly name: string;
  readonly path: string | undefined;
  /** As the profile says it: the definition's own schema reads it, there as here. */
  readonly config: unknown;
  /** By the names of the definition's `uses`: the objects that the host exposes for each. */
  readonly uses: Readonly<Record<string, UsedObjects>>;
  readonly dataDir: string;
  /** The folder that paths of its config are relative to. */
  readonly folder: string;
}

/** One object, none for an optional use, or all by the names of their entries. */
export type UsedObjects =
  | { readonly kind: 'none' }
  | { readonly kind: 'one'; readonly object: string; readonly constants: Constants }
  | {
      readonly kind: 'every';
      readonly objects: Readonly<Record<string, { readonly object: string; readonly constants: Constants }>>;
    };

type Constants = Readonly<Record<string, unknown>>;

/** What an isolate is, once its instance is made. */
export interface Made {
  /** The members that it has, of those that it may have. */
  readonly members: readonly string[];
  readonly constants: Constants;
  readonly hooks: readonly string[];
}

/** What an isolate answers when it is asked whether it is there. */
export interface Pulse {
  readonly health: { readonly status: 'ok' | 'degraded' | 'failed'; readonly reason?: string };
  /** Bytes of memory of its process. */
  readonly rss: number;
  /** Lines that it did not log since it was asked last, for there were too many. */
  readonly left: number;
}
