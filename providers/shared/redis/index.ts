/** How providers reach a Redis: settings, the line to it, what it keeps, keys, scripts. */
export { checkRedisSettings, type RedisSettings, redisNeeds, redisSettings, replicasSetting } from './config.js';
export { RedisConnection } from './connection.js';
export { originalOf, part } from './keys.js';
export { meaningOf } from './meaning.js';
export type { RedisClient } from './options.js';
export { Script } from './script.js';
export { type RedisParts, RedisStore } from './store.js';
