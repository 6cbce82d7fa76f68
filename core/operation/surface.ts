import type { Gate } from './gate.js';
import type { MountedMount, MountedOperation } from './mounted.js';

/**
 * All that a binding serves.
 * @stable since 0.1.0
 */
export interface Surface {
  readonly operations: readonly MountedOperation[];
  readonly mounts: readonly MountedMount[];
  readonly gate: Gate;
}
