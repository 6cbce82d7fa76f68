import type { Gate, MountedOperation } from '../operation/index.js';
import type { ResolvedProfile } from '../profile/index.js';
import { unstarted } from './unstarted.js';

/** A binding of a profile and what it serves, for descriptions that are generated from it. */
export interface DescribedBinding {
  readonly name: string;
  readonly type: string;
  readonly config: unknown;
  readonly operations: readonly MountedOperation[];
  /** Knows how callers can authenticate. */
  readonly gate: Pick<Gate, 'schemes'>;
}

/**
 * What a host of this profile would offer, by binding. Makes the entries, which has no side effects, and starts none.
 *
 * @throws StartUpError when an entry cannot be made
 */
export function describeBindings(profile: ResolvedProfile): readonly DescribedBinding[] {
  const { surfaces } = unstarted(profile);
  return profile.entries.flatMap(({ name, definition: { type }, config }) => {
    const surface = surfaces.get(name);
    return surface ? [{ name, type, config, operations: surface.operations, gate: surface.gate }] : [];
  });
}
