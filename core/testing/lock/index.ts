import { LockProvider } from '../../ports/index.js';
import type { Kit } from '../kit.js';
import { lockCrashCases } from './crash.js';
import { givingUpCases } from './giving-up.js';
import { leaseCases } from './leases.js';

/**
 * Everything that the port of locks promises.
 *
 * @experimental
 */
export const lockKit: Kit<LockProvider> = Object.freeze({
  port: LockProvider.id,
  cases: [...leaseCases, ...givingUpCases, ...lockCrashCases],
});
