import type { Definition, DefinitionKind } from '../plugin/definition.js';
import type { Origin } from '../plugin/origin.js';

/** The four headings of a profile and the kind of definition that each accepts, in the order that documentation uses. */
export const slots = {
  providers: 'provider',
  managers: 'manager',
  vendors: 'vendor',
  bindings: 'binding',
} as const satisfies Record<string, DefinitionKind>;

export type Slot = keyof typeof slots;

export const slotNames = Object.keys(slots) as Slot[];

export function slotOf(kind: DefinitionKind): Slot {
  return `${kind}s`;
}

/** The host itself satisfies a ref (its status, for one). */
export interface HostWire {
  /** The ref's id. */
  readonly host: string;
}

/**
 * What a `uses` name was wired to: one entry's name, the names of all for `every`, the host, or nothing for an
 * `optional` that no entry provides.
 */
export type Wire = string | readonly string[] | HostWire | undefined;

/** An entry that runs in a thread or a process of its own. */
export interface Isolation {
  readonly kind: 'thread' | 'process';
  /** Mebibytes. */
  readonly memory: number;
  /** Milliseconds that a `call` of its port, or an operation, may take. */
  readonly deadline: number;
  readonly origin: Origin;
}

export interface ResolvedEntry {
  readonly slot: Slot;
  /** Unique in the whole profile. */
  readonly name: string;
  readonly definition: Definition;
  /** What the definition's schema made of the entry's `config`. */
  readonly config: unknown;
  /** The entry's `config` as written, its variables substituted: what a reload compares. Secrets are in it. */
  readonly written: unknown;
  /** Absent: it runs in the host's own thread. */
  readonly isolation?: Isolation;
  /** One for each name in the definition's `uses`. */
  readonly wiring: Readonly<Record<string, Wire>>;
  /** Vendors only: the prefix of its operations; empty, or `/api/v1`. */
  readonly path?: string;
  /** Bindings only: the vendors that it serves, all unless the profile names some. */
  readonly serves?: readonly string[];
}

export interface HostSettings {
  /** Milliseconds for each phase, for every entry. */
  readonly deadlines: { readonly start: number; readonly drain: number; readonly stop: number };
  /** Of each caller, over all bindings. */
  readonly rateLimit?: { readonly perSecond: number; readonly burst: number } | undefined;
  /** The entry that keeps replies to calls with idempotency keys; absent where nothing keeps state. */
  readonly replies?: string | undefined;
  readonly log: { readonly level: 'debug' | 'info' | 'warn' | 'error'; readonly format: 'json' | 'text' };
}

/** A valid profile as data: nothing has been made of it yet. */
export interface ResolvedProfile {
  readonly name: string;
  /** Absolute. */
  readonly dataDir: string;
  readonly host: HostSettings;
  /**
   * In dependency order: an entry comes after all that it uses and serves, bindings after all others; otherwise as in
   * the file.
   */
  readonly entries: readonly ResolvedEntry[];
}
