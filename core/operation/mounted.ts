import type { ServedOperation } from './operation.js';
import type { Problem } from './problem.js';

/**
 * An operation where a vendor of the profile offers it.
 * @stable since 0.1.0
 */
export interface MountedOperation extends ServedOperation {
  /** The vendor entry's name. */
  readonly vendor: string;
  /** The vendor's prefix: empty, or `/api/v1`. */
  readonly prefix: string;
}

/**
 * A problem in the words of the vendor's dialect.
 * @stable since 0.1.0
 */
export function presented({ present }: Pick<ServedOperation, 'present'>, problem: Problem): Problem {
  return present?.(problem) ?? problem;
}

/**
 * For a capability that *is* a protocol of its own (OCI Distribution, a scrape endpoint): a handler that only the
 * bindings of that protocol understand. Authentication still runs in the contract.
 * @stable since 0.1.0
 */
export interface Mount {
  readonly protocol: string;
  /** Relative to the vendor's prefix; everything below belongs to the mount. */
  readonly path: string;
  readonly handler: unknown;
}

/**
 * A mount where a vendor of the profile offers it.
 * @stable since 0.1.0
 */
export interface MountedMount extends Mount {
  readonly vendor: string;
  readonly prefix: string;
}
