import { StateFault } from '../../../core/ports/index.js';
import type { RedisClient } from '../../shared/redis/index.js';

/** The version of the layout that scripts.ts describes. */
const format = 1;

/**
 * Takes the keyspace, or sees that it is ours.
 * @throws StateFault `newer` when a later version wrote it
 */
export async function takeKeyspace(client: RedisClient, keyspace: string, where: string): Promise<void> {
  const key = `${keyspace}:format`;
  await client.setnx(key, format);
  const found = Number(await client.get(key));
  if (found === format) return;
  throw new StateFault('newer', `${where} was written by a later version (format ${found}, this one knows ${format})`);
}

/** What a crash of Redis can cost, by its settings. */
export interface Keeping {
  /** Whether an acknowledged commit survives kill -9 of Redis. */
  readonly durable: boolean;
  /** What is lost with it, and what to set. */
  readonly warning?: string;
}

/** How Redis is set up to keep what it is told. @throws StateFault when it may throw away what it was told to keep */
export async function keepingOf(client: RedisClient, replicas: number, where: string): Promise<Keeping> {
  const memory = fieldsOf(await client.info('memory'));
  const policy = memory.get('maxmemory_policy');
  if (memory.get('maxmemory') !== '0' && policy !== undefined && policy !== 'noeviction') {
    throw new StateFault(
      'storage',
      `${where} throws keys away when its memory is full (maxmemory-policy ${policy}); set it to noeviction`,
    );
  }
  if (replicas > 0) return { durable: true };
  if (fieldsOf(await client.info('persistence')).get('aof_enabled') !== '1') {
    return {
      durable: false,
      warning: `${where} keeps nothing when it ends: set appendonly yes and appendfsync always`,
    };
  }
  const sync = await appendfsync(client);
  if (sync === 'always') return { durable: true };
  return {
    durable: false,
    warning:
      sync === undefined
        ? `${where} does not tell how it syncs its file; with anything but appendfsync always a crash loses acknowledged changes`
        : `${where} can lose acknowledged changes of the last seconds in a crash (appendfsync ${sync}): set appendfsync always, or wait for replicas`,
  };
}

/** `undefined` where a Redis that others run does not show its settings. */
async function appendfsync(client: RedisClient): Promise<string | undefined> {
  try {
    const [, value] = (await client.config('GET', 'appendfsync')) as readonly string[];
    return value;
  } catch (error) {
    if (error instanceof Error && error.name === 'ReplyError') return undefined;
    throw error;
  }
}

function fieldsOf(info: string): ReadonlyMap<string, string> {
  const lines = info.split('\r\n').filter((line) => line.includes(':'));
  return new Map(lines.map((line) => [line.slice(0, line.indexOf(':')), line.slice(line.indexOf(':') + 1)]));
}
