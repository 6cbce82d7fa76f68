export * from './backoff.js';
export * from './keyed-queue.js';
export * from './turns.js';
export * from './unless-aborted.js';
