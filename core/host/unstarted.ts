import type { ResolvedProfile } from '../profile/index.js';
import { type Assembly, assemble } from './assemble.js';
import { systemClock } from './clock.js';
import { createLog } from './log.js';
import { HostStatus } from './status.js';

/**
 * Makes the entries of a profile, which has no side effects, and starts none: for whoever only wants to know what they are.
 *
 * @throws StartUpError when an entry cannot be made
 */
export function unstarted(profile: ResolvedProfile): Assembly {
  const status: HostStatus = {
    profile: profile.name,
    version: '',
    phase: () => 'provisioning',
    entries: () => [],
    addresses: () => [],
    operations: () => [],
  };
  return assemble(profile, {
    log: createLog({ level: 'error', format: 'text' }),
    clock: systemClock,
    hostProvides: new Map([[HostStatus.id, status]]),
  });
}
