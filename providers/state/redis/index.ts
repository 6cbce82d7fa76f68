import { defineProvider, optional, SecretProvider, StateProvider, z } from '../../../core/plugin/index.js';
import { checkRedisSettings, redisNeeds, redisSettings, replicasSetting } from '../../shared/redis/index.js';
import { RedisState } from './state.js';

export { RedisState } from './state.js';

export default defineProvider({
  port: StateProvider,
  type: 'state.redis',
  version: '1.0.0',
  summary: 'State in a Redis that several hosts share; how much of it a crash can cost is told at start',
  needs: redisNeeds,
  config: z
    .strictObject({
      ...redisSettings,
      replicas: replicasSetting(
        'Replicas that must have a change before it is acknowledged, so that a failover loses nothing',
      ),
      history: z
        .int()
        .min(100)
        .default(4096)
        .describe('Commits that are kept for hosts that were away; who was away for longer reads everything anew'),
    })
    .superRefine(checkRedisSettings),
  uses: { secrets: optional(SecretProvider) },
  create: ({ config: { replicas, history, ...settings }, uses: { secrets }, resolvePath, log, clock }) =>
    new RedisState({ settings, secrets, resolvePath, log, clock, replicas, history }),
});
