import { randomUUID } from 'node:crypto';
import { afterEach, expect } from 'vitest';
import { systemClock } from '../../core/host/clock.js';
import type { Clock, Definition } from '../../core/plugin/index.js';
import { type RecordingLogger, recordingLogger, testContext } from '../../core/testing/index.js';
import { freePort } from '../parts/daemon.js';
import type { RedisPart, Start } from '../parts/index.js';

const endings: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const end of endings.splice(0).reverse()) await end();
});

/** Stopped at the end of the test. */
export function ended<T extends { stop(): Promise<void> }>(part: T): T {
  endings.push(() => part.stop());
  return part;
}

/** How a provider reaches a Redis, where nothing of others is in its way. */
export const configOf = ({ url, passwordFile }: RedisPart) => ({ url, passwordFile, prefix: randomUUID() });

/** A provider as a host has it, stopped at the end of the test. */
export async function startedOn<P extends object>(
  definition: Definition,
  config: Readonly<Record<string, unknown>>,
  clock: Clock = systemClock,
): Promise<{ readonly instance: P; readonly log: RecordingLogger; stop(): Promise<void> }> {
  const log = recordingLogger();
  const context = await testContext<P>(definition, { config: { timeout: 30, ...config }, clock, log });
  const stop = (): Promise<void> => context.dispose();
  ended({ stop });
  await context.start();
  return { instance: context.instance, log, stop };
}

/** Whether a call succeeds, for what must work again at last. */
export const works = (call: () => Promise<unknown>): Promise<boolean> =>
  call().then(
    () => true,
    () => false,
  );

export interface Replicated {
  readonly master: RedisPart;
  readonly replica: RedisPart;
}

/** A master and a replica that follows it. */
export async function replicated(redis: Start<'redis'>, settings: readonly string[] = []): Promise<Replicated> {
  const master = ended(await redis({ settings }));
  const replica = ended(await redis({ replicaOf: master }));
  await expect.poll(() => master.cli('info', 'replication')).toContain('state=online');
  return { master, replica };
}

/** Both behind a sentinel, which has the replica take over when the master is gone. */
export async function guarded(start: { readonly redis: Start<'redis'>; readonly sentinel: Start<'sentinel'> }) {
  const parts = await replicated(start.redis);
  const sentinel = ended(await start.sentinel(parts.master));
  const at = { master: sentinel.master, nodes: [sentinel.node] };
  return { ...parts, config: { sentinel: at, passwordFile: parts.master.passwordFile, prefix: randomUUID() } };
}

/** From now on it does not get what its master is told. */
export async function leaveBehind(replica: RedisPart): Promise<void> {
  await replica.cli('config', 'set', 'masterauth', 'wrong');
  await replica.cli('client', 'kill', 'type', 'master');
}

/** Milliseconds after which nodes of a cluster take another for dead. */
const nodeTimeout = 1000;

/** Three masters of a cluster, and one replica of each where told. */
export async function clustered(redis: Start<'redis'>, replicas: 0 | 1 = 0) {
  const settings = ['cluster-enabled yes', `cluster-node-timeout ${nodeTimeout}`, 'cluster-replica-validity-factor 0'];
  const startNode = async (): Promise<RedisPart> =>
    // Unless told, nodes speak to each other on a port that the system gives to whoever asks for any.
    redis({ settings: [...settings, `cluster-port ${await freePort()}`] });
  const nodes = await Promise.all(Array.from({ length: 3 * (1 + replicas) }, startNode));
  for (const node of nodes) ended(node);
  const [first] = nodes;
  if (!first) throw new Error('no node');
  const cluster = nodes.map(({ port }) => `127.0.0.1:${port}`);
  await first.cli('--cluster', 'create', ...cluster, '--cluster-replicas', String(replicas), '--cluster-yes');
  for (const node of nodes) await expect.poll(() => node.cli('cluster', 'info')).toContain('cluster_state:ok');
  return { nodes, config: { cluster, passwordFile: first.passwordFile } };
}

/** The master of a cluster that has a key, and its replica. */
export async function holdersOf(key: string, nodes: readonly RedisPart[]): Promise<Replicated> {
  for (const master of nodes) {
    // Others say who has it.
    if ((await master.cli('exists', key)) !== '1') continue;
    const role = (await master.cli('role')).split('\n');
    const replica = nodes.find(({ port }) => role.includes(String(port)));
    if (replica) return { master, replica };
  }
  throw new Error(`no master with a replica has ${key}`);
}
