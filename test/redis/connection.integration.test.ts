import { once } from 'node:events';
import { expect, it } from 'vitest';
import { z } from '../../core/plugin/index.js';
import { silentLogger } from '../../core/testing/index.js';
import { RedisConnection, redisSettings } from '../../providers/shared/redis/index.js';
import { describeWith } from '../parts/index.js';

describeWith(['redis'], 'a connection to Redis', (start) => {
  it('comes back also when its client has given up, as it does when it hears of a failover while it connects', async () => {
    const part = await start.redis();
    const settings = z.object(redisSettings).parse({ url: part.url, passwordFile: part.passwordFile });
    const around = { secrets: undefined, resolvePath: (path: string) => path, log: silentLogger() };
    const connection = new RedisConnection({ settings, name: 'test', silence: 60_000, ...around });
    try {
      const client = await connection.open(new AbortController().signal);
      client.disconnect();
      await once(client, 'end');
      expect(await (await connection.ready()).ping()).toBe('PONG');
      await expect.poll(() => connection.fault).toBe(undefined);
      expect(connection.generation).toBe(2);
    } finally {
      connection.close();
      await part.stop();
    }
  });
});
