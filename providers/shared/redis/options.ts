import type { ConnectionOptions } from 'node:tls';
import { Cluster, Redis, type RedisOptions } from 'ioredis';
import { readText, unreadable } from '../../../core/files/index.js';
import type { SecretProvider } from '../../../core/plugin/index.js';
import { backoff } from '../../../core/work/index.js';
import { bare, type RedisSettings } from './config.js';

/** A client of one Redis, of the master of some sentinels, or of a cluster. */
export type RedisClient = Redis | Cluster;

/** Where the settings lead beside themselves. */
export interface Surroundings {
  readonly secrets: SecretProvider | undefined;
  readonly resolvePath: (path: string) => string;
}

export type Credentials = Pick<RedisOptions, 'username' | 'password'>;

const firstRetry = 50;
const longestRetry = 2000;
const retryStrategy = (attempt: number): number => backoff(attempt, firstRetry, longestRetry);

/** Who the client is, read anew. @throws when the file or the secret cannot be had */
export async function credentialsOf(settings: RedisSettings, around: Surroundings): Promise<Credentials> {
  const { username, passwordFile, passwordSecret } = settings;
  let { password } = settings;
  if (passwordFile !== undefined) password = await readSetting('passwordFile', passwordFile, around);
  if (passwordSecret !== undefined) {
    if (!around.secrets) throw new Error(`its password is in a secret, and no provider of the profile keeps secrets`);
    password = await around.secrets.get(passwordSecret);
  }
  return { ...(username !== undefined && { username }), ...(password !== undefined && { password }) };
}

/** A client that is not connected yet. @throws when a file that the settings name cannot be read */
export async function makeClient(
  settings: RedisSettings,
  { name, silence }: { readonly name: string; readonly silence: number },
  around: Surroundings,
): Promise<RedisClient> {
  const { url, sentinel, cluster, database, timeout } = settings;
  const encrypted = settings.tls === true || url?.startsWith('rediss:') === true;
  const tls = encrypted ? await tlsOf(settings, around) : undefined;
  const common = {
    ...(await credentialsOf(settings, around)),
    ...(tls && { tls }),
    connectionName: `${settings.prefix}-${name}`,
    protocol: 2 as const,
    connectTimeout: timeout * 1000,
    socketTimeout: silence,
    // A command whose answer was lost is rejected: only its caller knows whether it may be said again.
    autoResendUnfulfilledCommands: false,
    maxRetriesPerRequest: 0,
    // A master that has become a replica: the next connection finds the new one.
    reconnectOnError: ({ message }: Error) => message.startsWith('READONLY'),
  };
  if (cluster) {
    return new Cluster(cluster.map(hostAndPort), {
      redisOptions: common,
      lazyConnect: true,
      enableOfflineQueue: false,
      clusterRetryStrategy: retryStrategy,
      // A node that is gone is forgotten; any other says who has its keys now, or that nobody has.
      clusterNodeRetryStrategy: null,
      retryDelayOnFailover: 0,
      retryDelayOnClusterDown: 0,
    });
  }
  const single = { ...common, db: database, lazyConnect: true, enableOfflineQueue: false, retryStrategy };
  if (sentinel) {
    const { master, nodes, passwordFile } = sentinel;
    const password =
      passwordFile === undefined ? undefined : await readSetting('sentinel.passwordFile', passwordFile, around);
    return new Redis({
      ...single,
      name: master,
      sentinels: nodes.map(hostAndPort),
      sentinelRetryStrategy: retryStrategy,
      failoverDetector: true,
      ...(tls && { sentinelTLS: tls, enableTLSForSentinelMode: true }),
      ...(password !== undefined && { sentinelPassword: password }),
    });
  }
  if (url?.startsWith('unix://'))
    return new Redis({ ...single, path: around.resolvePath(url.slice('unix://'.length)) });
  const { hostname, port } = new URL(url ?? '');
  return new Redis({ ...single, host: bare(hostname), port: port === '' ? 6379 : Number(port) });
}

/** The credentials of the connections to come. */
export function useCredentials(client: RedisClient, credentials: Credentials): void {
  Object.assign(client instanceof Cluster ? (client.options.redisOptions ?? {}) : client.options, credentials);
}

async function tlsOf({ ca, certificate, key }: RedisSettings, around: Surroundings): Promise<ConnectionOptions> {
  return {
    minVersion: 'TLSv1.2',
    ...(ca !== undefined && { ca: await readSetting('ca', ca, around) }),
    ...(certificate !== undefined && { cert: await readSetting('certificate', certificate, around) }),
    ...(key !== undefined && { key: await readSetting('key', key, around) }),
  };
}

/** What the file of a setting holds. @throws Error that names both */
async function readSetting(setting: string, file: string, around: Surroundings): Promise<string> {
  try {
    return await readText(around.resolvePath(file));
  } catch (cause) {
    throw new Error(unreadable(cause, file, setting), { cause });
  }
}

function hostAndPort(node: string): { readonly host: string; readonly port: number } {
  const at = node.lastIndexOf(':');
  return { host: bare(node.slice(0, at)), port: Number(node.slice(at + 1)) };
}
