/** How providers reach a Redis: settings, the line to it, scripts. */
export { checkRedisSettings, type RedisSettings, redisSettings } from './config.js';
export { type ConnectionParts, RedisAway, RedisConnection } from './connection.js';
export { answerCode, wordsOf } from './faults.js';
export type { RedisClient } from './options.js';
export { Script } from './script.js';
