import type { RedisClient } from './options.js';

/** What is in a Redis was written by a later version, which this one must not touch; the message says where. */
export class RedisNewer extends Error {
  override readonly name = 'RedisNewer';
}

/** A Redis is set up so that nothing can be entrusted to it; the message says what to set. */
export class RedisUnfit extends Error {
  override readonly name = 'RedisUnfit';
}

/**
 * Takes what lies below a key of its format, or sees that it is ours.
 * @param key where the version of the layout is written
 * @throws RedisNewer
 */
export async function takeFormat(client: RedisClient, key: string, format: number, where: string): Promise<void> {
  await client.setnx(key, format);
  const found = Number(await client.get(key));
  if (found === format) return;
  throw new RedisNewer(`${where} was written by a later version (format ${found}, this one knows ${format})`);
}

/** What a crash of Redis can cost, by its settings. */
export interface Keeping {
  /** Whether what was acknowledged survives kill -9 of Redis. */
  readonly durable: boolean;
  /** What is lost with it, and what to set. */
  readonly warning?: string;
}

/** How Redis is set up to keep what it is told. @throws RedisUnfit when it may throw away what it was told to keep */
export async function keepingOf(client: RedisClient, replicas: number, where: string): Promise<Keeping> {
  const memory = fieldsOf(await client.info('memory'));
  const policy = memory.get('maxmemory_policy');
  if (memory.get('maxmemory') !== '0' && policy !== undefined && policy !== 'noeviction') {
    throw new RedisUnfit(
      `${where} throws keys away when its memory is full (maxmemory-policy ${policy}); set it to noeviction`,
    );
  }
  if (fieldsOf(await client.info('persistence')).get('aof_enabled') !== '1') {
    // Replicas do not help: a master that comes back empty before they take over has them throw away what they have.
    const set = replicas > 0 ? 'set appendonly yes' : 'set appendonly yes and appendfsync always';
    return { durable: false, warning: `${where} keeps nothing when it ends: ${set}` };
  }
  if (replicas > 0) return { durable: true };
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
