import { defineProvider, optional, SecretProvider, StateProvider, z } from '../../../core/plugin/index.js';
import { checkRedisSettings, redisSettings } from '../../shared/redis/index.js';
import { RedisState } from './state.js';

export { RedisState } from './state.js';

export default defineProvider({
  port: StateProvider,
  type: 'state.redis',
  version: '1.0.0',
  summary: 'State in a Redis that several hosts share; how much of it a crash can cost is told at start',
  needs: {
    network: 'Connects to the Redis, the sentinels or the cluster of its config',
    files: 'Reads the certificates and the file of the password that its config names',
  },
  config: z
    .strictObject({
      ...redisSettings,
      replicas: z
        .int()
        .min(0)
        .max(16)
        .default(0)
        .describe('Replicas that must have a change before it is acknowledged, so that a failover loses nothing'),
      history: z
        .int()
        .min(100)
        .default(4096)
        .describe('Commits that are kept for hosts that were away; who was away for longer reads everything anew'),
    })
    .superRefine((config, context) => {
      checkRedisSettings(config, context);
      if (config.cluster !== undefined && config.replicas > 0) {
        const message = 'a cluster is not asked for its replicas; set min-replicas-to-write on its nodes';
        context.addIssue({ code: 'custom', path: ['replicas'], message });
      }
    }),
  uses: { secrets: optional(SecretProvider) },
  create: ({ config: { replicas, history, ...settings }, uses: { secrets }, resolvePath, log, clock }) =>
    new RedisState({ settings, secrets, resolvePath, log, clock, replicas, history }),
});
