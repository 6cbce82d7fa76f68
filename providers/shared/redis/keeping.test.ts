import { expect, it } from 'vitest';
import { keepingOf } from './keeping.js';
import type { RedisClient } from './options.js';

/** A Redis that is set up so. */
const redis = (aof: '0' | '1', sync: string): RedisClient => {
  const answers = {
    info: async (section: string) =>
      section === 'persistence' ? `aof_enabled:${aof}\r\n` : 'maxmemory:0\r\nmaxmemory_policy:noeviction\r\n',
    config: async () => ['appendfsync', sync],
  };
  // All that is asked of it.
  return answers as unknown as RedisClient;
};

it.each([
  ['1', 'always', 0, true, undefined],
  ['1', 'everysec', 0, false, /appendfsync everysec/],
  ['1', 'everysec', 1, true, undefined],
  ['0', 'everysec', 0, false, /set appendonly yes and appendfsync always$/],
  ['0', 'everysec', 1, false, /keeps nothing when it ends: set appendonly yes$/],
] as const)(
  'with appendonly %s, appendfsync %s and %i replicas durable is %s',
  async (aof, sync, replicas, durable, warning) => {
    const keeping = await keepingOf(redis(aof, sync), replicas, 'the Redis');
    expect(keeping.durable).toBe(durable);
    if (warning === undefined) expect(keeping.warning).toBeUndefined();
    else expect(keeping.warning).toMatch(warning);
  },
);
