import type { Finding } from '../finding.js';
import type { ApplicationDescription } from './description.js';

export interface ReadDescriptionOptions {
  /** Every warning is a fault. Default false. */
  readonly strict?: boolean;
  /** The tag under which the package was found; must equal the version. */
  readonly tag?: string;
}

export interface DescriptionReading {
  /** Absent exactly when there are faults. */
  readonly description?: ApplicationDescription;
  readonly faults: readonly Finding[];
  readonly warnings: readonly Finding[];
}

/** Reads `margo.yaml` in any of its forms; never throws for what the text says. */
export function readApplicationDescription(
  _yaml: string | Uint8Array,
  _options: ReadDescriptionOptions = {},
): DescriptionReading {
  throw new Error('not written yet');
}
