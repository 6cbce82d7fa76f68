import type { Gate, MountedOperation } from '../operation/index.js';
import type { ResolvedProfile } from '../profile/index.js';
import { assemble } from './assemble.js';
import { systemClock } from './clock.js';
import { createLog } from './log.js';
import { HostStatus } from './status.js';

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
  const log = createLog({ level: 'error', format: 'text' });
  const status: HostStatus = {
    profile: profile.name,
    version: '',
    phase: () => 'provisioning',
    entries: () => [],
    addresses: () => [],
    operations: () => [],
  };
  const { surfaces } = assemble(profile, {
    log,
    clock: systemClock,
    hostProvides: new Map([[HostStatus.id, status]]),
  });
  return profile.entries.flatMap(({ name, definition: { type }, config }) => {
    const surface = surfaces.get(name);
    return surface ? [{ name, type, config, operations: surface.operations, gate: surface.gate }] : [];
  });
}
