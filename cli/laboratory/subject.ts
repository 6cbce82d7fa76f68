import type { Caller } from './caller.js';
import type { Publisher } from './operations.js';

/** A subject that serves, in the process that is measured. */
export interface Served {
  readonly address: string;
  stop(): Promise<void>;
}

/** One protocol in the laboratory: a binding, what stands beside it, and who calls both. */
export interface Protocol {
  readonly name: string;
  /** The binding under test, over the laboratory's operations. */
  readonly binding: (publisher: Publisher) => Promise<Served>;
  /** The protocol's library doing the same by hand; absent for a binding that somebody brought along. */
  readonly bare?: (publisher: Publisher) => Promise<Served>;
  /** Versions of the libraries, for the report. */
  readonly libraries: readonly string[];
  readonly caller: (address: string) => Promise<Caller>;
}
