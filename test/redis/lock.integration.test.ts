import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, test } from 'vitest';
import { cases, conformance, systemClock } from '../../core/testing/index.js';
import redis from '../../providers/lock/redis/index.js';
import { describeWith, type RedisPart } from '../parts/index.js';
import { typescript } from './typescript.js';

describeWith(['redis'], 'lock.redis', (start) => {
  let part: RedisPart;
  beforeAll(async () => {
    part = await start.redis();
  });
  afterAll(() => part.stop());

  const module = new URL('../../providers/lock/redis/index.ts', import.meta.url).href;
  const mine = conformance({
    definition: redis,
    // Leases run out by the clock of Redis.
    clock: systemClock,
    freshConfig: () => ({
      url: part.url,
      passwordFile: part.passwordFile,
      prefix: randomUUID(),
      duration: 10,
      timeout: 60,
    }),
    lock: { shared: true, crash: { module, execArgv: ['--import', typescript] } },
  });
  for (const { name, run } of cases(mine, { patience: 120_000 })) test(name, { timeout: 300_000 }, run);
});
