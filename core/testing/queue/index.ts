import { QueueProvider } from '../../ports/index.js';
import type { Kit } from '../kit.js';
import { queueCrashCases } from './crash.js';
import { endingCases } from './ending.js';
import { failingCases } from './failing.js';
import { itemCases } from './items.js';

/**
 * Everything that the port of work queues promises.
 *
 * @experimental
 */
export const queueKit: Kit<QueueProvider> = Object.freeze({
  port: QueueProvider.id,
  cases: [...itemCases, ...failingCases, ...endingCases, ...queueCrashCases],
});
