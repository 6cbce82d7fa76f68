import { defineProvider, optional, QueueProvider, SecretProvider, z } from '../../../core/plugin/index.js';
import { checkRedisSettings, redisNeeds, redisSettings, replicasSetting } from '../../shared/redis/index.js';
import { RedisQueues } from './queues.js';

export { RedisQueues } from './queues.js';

export default defineProvider({
  port: QueueProvider,
  type: 'queue.redis',
  version: '1.0.0',
  summary: 'Work that the hosts which share a Redis divide among them; what is undone waits there',
  needs: redisNeeds,
  config: z
    .strictObject({
      ...redisSettings,
      replicas: replicasSetting(
        'Replicas that must have an item before it is acknowledged, so that a failover loses none',
      ),
      attempts: z.int().positive().default(5).describe('How often an item is tried until it is kept as failed'),
      firstDelay: z.int().positive().default(1000).describe('Milliseconds before a failed item is tried again'),
      maxDelay: z.int().positive().default(300_000).describe('Milliseconds between two attempts at most'),
      claimAfter: z
        .number()
        .min(1)
        .max(3600)
        .default(30)
        .describe('Seconds without a sign of life after which the item of a host is taken over by another'),
    })
    .superRefine(checkRedisSettings),
  uses: { secrets: optional(SecretProvider) },
  create: ({ config, uses: { secrets }, resolvePath, log, clock }) => {
    const { replicas, attempts, firstDelay, maxDelay, claimAfter, ...settings } = config;
    const retries = { attempts, firstDelay, maxDelay };
    return new RedisQueues({ settings, secrets, resolvePath, log, clock, replicas, retries, claimAfter });
  },
});
