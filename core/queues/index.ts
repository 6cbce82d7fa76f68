/** What every work queue needs and none may take from another. */

export { checkFailedPage, checkItem, checkParallel, checkQueueName, queueClosed } from './checks.js';
export { Crew, type CrewParts } from './crew.js';
export { retryDelay } from './retry-delay.js';
export type { Source, TakenItem } from './source.js';
