/** How providers reach a Redis: settings, the line to it, what it keeps, keys, scripts. */
export { checkRedisSettings, type RedisSettings, redisNeeds, redisSettings, replicasSetting } from './config.js';
export { Confirmation } from './confirmation.js';
export { type ConnectionParts, RedisConnection } from './connection.js';
export { type Keeping, keepingOf, takeFormat } from './keeping.js';
export { keyspace, originalOf, part } from './keys.js';
export { meaningOf } from './meaning.js';
export type { RedisClient } from './options.js';
export { Script } from './script.js';
export { block, WakeUps, type WakeUpsParts } from './wake-ups.js';
