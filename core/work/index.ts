export * from './announce.js';
export * from './backoff.js';
export * from './deadline.js';
export * from './keyed-queue.js';
export * from './public.js';
export * from './unless-aborted.js';
export * from './within.js';
