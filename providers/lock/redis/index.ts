import { defineProvider, LockProvider, optional, SecretProvider, z } from '../../../core/plugin/index.js';
import { checkRedisSettings, redisNeeds, redisSettings, replicasSetting } from '../../shared/redis/index.js';
import { RedisLocks } from './locks.js';

export { RedisLocks } from './locks.js';

export default defineProvider({
  port: LockProvider,
  type: 'lock.redis',
  version: '1.0.0',
  summary: 'Locks among the managers of several hosts that share a Redis',
  needs: redisNeeds,
  config: z
    .strictObject({
      ...redisSettings,
      replicas: replicasSetting('Replicas that must know of a lease before it counts, so that a failover forgets none'),
      duration: z
        .number()
        .min(1)
        .max(3600)
        .default(15)
        .describe('Seconds after which the leases of a host that is gone run out; they are renewed at a third of it'),
    })
    .superRefine(checkRedisSettings),
  uses: { secrets: optional(SecretProvider) },
  create: ({ config, uses: { secrets }, resolvePath, log, clock }) => {
    const { replicas, duration, ...settings } = config;
    return new RedisLocks({ settings, secrets, resolvePath, log, clock, replicas, duration });
  },
});
