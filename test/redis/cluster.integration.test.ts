import { randomUUID } from 'node:crypto';
import { expect, it } from 'vitest';
import { collection, eventType, put, workQueue } from '../../core/plugin/index.js';
import events, { type RedisEvents } from '../../providers/events/redis/index.js';
import lock, { type RedisLocks } from '../../providers/lock/redis/index.js';
import queue, { type RedisQueues } from '../../providers/queue/redis/index.js';
import state from '../../providers/state/redis/index.js';
import type { RedisState } from '../../providers/state/redis/state.js';
import { describeWith } from '../parts/index.js';
import { clustered, ended, holdersOf, leaveBehind, startedOn, works } from './started.js';

const docs = collection<{ readonly n: number }>('plant:docs', {
  parity: ({ n }) => [n % 2 === 0 ? 'even' : 'odd'],
});
const happened = eventType<number>('plant:happened');
const work = workQueue<number>('plant:work');

/** All that a host keeps in a Redis, and what it is told. */
async function hostOn(config: Readonly<Record<string, unknown>>) {
  const { instance: store } = await startedOn<RedisState>(state, config);
  const { instance: bus } = await startedOn<RedisEvents>(events, config);
  const { instance: queues } = await startedOn<RedisQueues>(queue, config);
  const { instance: locks } = await startedOn<RedisLocks>(lock, config);
  const over = new AbortController();
  ended({ stop: async () => over.abort() });
  const told = { changes: [] as string[], events: [] as number[], done: [] as string[], missed: false };
  const changes = store.watch(docs, over.signal);
  (async () => {
    for await (const { key } of changes) told.changes.push(key);
  })().catch(() => {
    told.missed = true;
  });
  bus.subscribe(happened, 'one', (n) => void told.events.push(n));
  queues.work(work, (_, { id }) => void told.done.push(id));
  return { store, bus, queues, locks, told, all: [store, bus, queues, locks] };
}

describeWith(['redis'], 'what is kept in a cluster of Redis', (start) => {
  it('is found there, whichever node has its keys', { timeout: 120_000 }, async () => {
    const { config } = await clustered(start.redis);
    for (const prefix of ['a', 'b', 'c', 'd']) {
      const { store, bus, queues, locks, told } = await hostOn({ ...config, prefix });
      await store.commit([put(docs, 'x', { n: 1 }), put(docs, 'y', { n: 2 })]);
      expect((await store.list(docs, { index: { name: 'parity', equals: 'even' } })).items).toHaveLength(1);
      for (const n of [1, 2, 3]) await bus.publish(happened, n);
      for (const n of [1, 2, 3]) await queues.enqueue(work, `k${n}`, n);
      await expect
        .poll(() => told)
        .toEqual({ changes: ['x', 'y'], events: [1, 2, 3], done: ['k1', 'k2', 'k3'], missed: false });
      const lease = await locks.acquire('kit');
      const next = locks.acquire('kit');
      await lease.release();
      expect((await next).fence).toBeGreaterThan(lease.fence);
    }
  });

  it('goes on at the replica that takes over; hosts look by themselves for what the failover has undone', {
    timeout: 120_000,
  }, async () => {
    const { nodes, config } = await clustered(start.redis, 1);
    const prefix = randomUUID();
    const reached = { ...config, prefix, timeout: 2 };
    const { instance: idle } = await startedOn<RedisQueues>(queue, reached);
    await idle.enqueue(work, 'again', 1);
    const { master, replica } = await holdersOf(`{${prefix}}:queue:format`, nodes);
    await expect.poll(() => replica.cli('dbsize')).toBe(await master.cli('dbsize'));
    await leaveBehind(replica);
    const { store, bus, queues, locks, told, all } = await hostOn(reached);
    const lease = await locks.acquire('held');
    await store.commit([put(docs, 'undone', { n: 1 })]);
    await expect.poll(() => told).toMatchObject({ changes: ['undone'], done: ['again'] });
    await master.kill();

    // Nobody commits or enqueues anything before.
    await expect.poll(() => [told.missed, told.done]).toEqual([true, ['again', 'again']]);
    expect(await store.get(docs, 'undone')).toBeUndefined();
    await expect.poll(() => works(() => bus.publish(happened, 1))).toBe(true);
    await expect.poll(() => told.events).toContain(1);
    await expect.poll(() => works(() => queues.enqueue(work, 'new', 2))).toBe(true);
    await expect.poll(() => told.done.at(-1)).toBe('new');
    await store.commit([put(docs, 'kept', { n: 2 })]);
    await expect.poll(() => works(async () => (await locks.acquire(randomUUID())).release())).toBe(true);
    expect(lease.signal.aborted).toBe(false);
    for (const each of all) await expect.poll(() => each.health()).toMatchObject({ status: 'ok' });
  });
});
