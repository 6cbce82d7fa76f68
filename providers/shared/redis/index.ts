/** How providers reach a Redis: settings, the line to it, what it keeps, keys, scripts. */
export { checkRedisSettings, type RedisSettings, redisSettings } from './config.js';
export { Confirmation, Unconfirmed } from './confirmation.js';
export { type ConnectionParts, RedisAway, RedisConnection } from './connection.js';
export { answerCode, wordsOf } from './faults.js';
export { type Keeping, keepingOf, RedisNewer, RedisUnfit, takeFormat } from './keeping.js';
export { keyspace, originalOf, part } from './keys.js';
export type { RedisClient } from './options.js';
export { Script } from './script.js';
export { block, WakeUps, type WakeUpsParts } from './wake-ups.js';
