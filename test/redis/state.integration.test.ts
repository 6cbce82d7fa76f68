import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, test } from 'vitest';
import { cases, conformance } from '../../core/testing/index.js';
import redis from '../../providers/state/redis/index.js';
import { describeWith, type RedisPart } from '../parts/index.js';
import { typescript } from './typescript.js';

describeWith(['redis'], 'state.redis', (start) => {
  let part: RedisPart;
  beforeAll(async () => {
    part = await start.redis();
  });
  afterAll(() => part.stop());

  const module = new URL('../../providers/state/redis/index.ts', import.meta.url).href;
  const mine = conformance({
    definition: redis,
    freshConfig: () => ({ url: part.url, passwordFile: part.passwordFile, prefix: randomUUID() }),
    state: { crash: { module, execArgv: ['--import', typescript] } },
  });
  for (const { name, run } of cases(mine, { kills: 6 })) test(name, { timeout: 120_000 }, run);
});
