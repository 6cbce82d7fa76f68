import { defineProvider, EventBus, optional, SecretProvider, z } from '../../../core/plugin/index.js';
import { checkRedisSettings, redisNeeds, redisSettings, replicasSetting } from '../../shared/redis/index.js';
import { RedisEvents } from './bus.js';

export { RedisEvents } from './bus.js';

export default defineProvider({
  port: EventBus,
  type: 'events.redis',
  version: '1.0.0',
  summary: 'Events between the managers of several hosts that share a Redis; what is undelivered waits there',
  needs: redisNeeds,
  config: z
    .strictObject({
      ...redisSettings,
      replicas: replicasSetting(
        'Replicas that must have an event before it is acknowledged, so that a failover loses none',
      ),
      firstDelay: z.int().positive().default(100).describe('Milliseconds before a failed delivery is tried again'),
      maxDelay: z.int().positive().default(30_000).describe('Milliseconds between two attempts at most'),
      claimAfter: z
        .number()
        .min(1)
        .max(3600)
        .default(15)
        .describe('Seconds without a sign of life after which what a host delivers is taken over by another'),
      forgetAfter: z
        .int()
        .positive()
        .default(30)
        .describe('Days after which a group is forgotten, with what waits for it, that no host subscribes to'),
      warnAbove: z.int().positive().default(10_000).describe('From how many unhandled events of a type on to warn'),
    })
    .superRefine(checkRedisSettings),
  uses: { secrets: optional(SecretProvider) },
  create: ({ config, uses: { secrets }, resolvePath, log, clock }) => {
    const { replicas, firstDelay, maxDelay, claimAfter, forgetAfter, warnAbove, ...settings } = config;
    const own = { replicas, firstDelay, maxDelay, claimAfter, forgetAfter, warnAbove };
    return new RedisEvents({ settings, secrets, resolvePath, log, clock, ...own });
  },
});
