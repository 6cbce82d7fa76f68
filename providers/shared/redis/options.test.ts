import { join } from 'node:path';
import { expect, it } from 'vitest';
import { z } from '../../../core/plugin/index.js';
import { recordingLogger } from '../../../core/testing/index.js';
import { redisSettings } from './config.js';
import { RedisConnection } from './connection.js';

const settings = z.object(redisSettings);
const sentinel = { master: 'main', nodes: ['127.0.0.1:1'], passwordFile: 'nowhere' };
const folder = import.meta.dirname;

it.each([
  ['passwordFile', { url: 'redis://127.0.0.1:1', passwordFile: 'nowhere' }],
  ['sentinel.passwordFile', { sentinel }],
  ['ca', { url: 'rediss://127.0.0.1:1', ca: 'nowhere' }],
  ['certificate', { url: 'rediss://127.0.0.1:1', certificate: 'nowhere', key: 'nowhere' }],
])('a file of %s that is missing is named with its setting', async (setting, given) => {
  const connection = new RedisConnection({
    settings: settings.parse(given),
    name: 'test',
    silence: 1000,
    log: recordingLogger(),
    secrets: undefined,
    resolvePath: (path) => join(folder, path),
  });
  const opened = connection.open(AbortSignal.abort());
  await expect(opened).rejects.toThrow(`its file nowhere (\`${setting}\`) is not there (yet)`);
});
