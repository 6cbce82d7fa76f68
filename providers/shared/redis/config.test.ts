import { expect, it } from 'vitest';
import { z } from '../../../core/plugin/index.js';
import { checkRedisSettings, redisSettings, replicasSetting } from './config.js';

const schema = z
  .strictObject({ ...redisSettings, replicas: replicasSetting('what is acknowledged') })
  .superRefine(checkRedisSettings);

const faults = (settings: object): readonly string[] =>
  schema.safeParse(settings).error?.issues.map(({ path, message }) => `${path.join('.')}: ${message}`) ?? [];

it.each(['redis.plant.example', 'redis.plant.example:6379', '10.0.0.7:6379', 'https://redis.plant.example', ''])(
  'says of the URL %j once what one looks like',
  (url) => {
    expect(faults({ url })).toEqual(['url: expected redis://host[:port], rediss://host[:port] or unix:///path']);
  },
);

it('takes a Redis of this machine in the open, one of another only with TLS', () => {
  for (const url of [
    'redis://localhost',
    'redis://[::1]:6379',
    'unix:///run/redis.sock',
    'rediss://redis.plant.example',
  ])
    expect(faults({ url })).toEqual([]);
  expect(faults({ url: 'redis://redis.plant.example' })).toEqual([
    'url: no TLS to redis.plant.example: use rediss://, or write plain: true',
  ]);
});
