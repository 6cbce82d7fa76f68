import type { Operator } from '../client/index.js';
import type { Terminal } from '../terminal.js';

/** What came of one document. */
export interface Applied {
  readonly what: string;
  readonly outcome: 'created' | 'updated' | 'unchanged';
  readonly next: string;
}

export interface Applying {
  readonly terminal: Terminal;
  readonly client: Operator;
  readonly wait: boolean;
  readonly timeout: number;
  /** Ids of the packages of this run whose import nobody has waited for yet. */
  readonly importing: Set<string>;
}

/** One document of a file, as read. */
export type Document = Readonly<Record<string, unknown>>;
