import { expect, it } from 'vitest';
import { type QueueProvider, type WorkMeta, workQueue } from '../../core/plugin/index.js';
import { manualClock } from '../../core/testing/index.js';
import { Latch } from '../../core/testing/latch.js';
import redis, { type RedisQueues } from '../../providers/queue/redis/index.js';
import { describeWith } from '../parts/index.js';
import { configOf, ended, guarded, leaveBehind, replicated, startedOn, works } from './started.js';

/** For Redis that is away on purpose: seconds. */
const timeout = 1;
/** Longer than any test: only what is said between hosts can pass an item on. */
const never = 3600;

const queue = workQueue<number>('plant:work');

/** What was worked on, over all hosts. */
class Journal {
  readonly begun: { readonly host: string; readonly meta: WorkMeta }[] = [];
  readonly done: string[] = [];

  work(
    queues: QueueProvider,
    host: string,
    react: (n: number, meta: WorkMeta) => unknown = () => undefined,
    parallel = 1,
  ): void {
    const handler = async (n: number, meta: WorkMeta): Promise<void> => {
      this.begun.push({ host, meta });
      await react(n, meta);
      this.done.push(meta.id);
    };
    queues.work(queue, handler, { parallel });
  }
}

describeWith(['redis', 'sentinel'], 'queue.redis and its faults', (start) => {
  it('does what it acknowledged when Redis is killed and comes back, what was under way included', {
    timeout: 120_000,
  }, async () => {
    const part = ended(await start.redis());
    const { instance: queues } = await startedOn<RedisQueues>(redis, { ...configOf(part), timeout, claimAfter: never });
    const journal = new Journal();
    const latch = new Latch();
    journal.work(queues, 'one', () => latch.opened, 2);
    const acknowledged: string[] = [];
    const enqueuing = (async () => {
      for (let n = 0; n < 10_000; n++) {
        await queues.enqueue(queue, `k${n}`, n);
        acknowledged.push(`k${n}`);
      }
    })();
    const refused = expect(enqueuing).rejects.toMatchObject({ name: 'QueueFault', reason: 'away' });
    await expect.poll(() => [journal.begun.length, acknowledged.length > 50]).toEqual([2, true]);
    await part.kill();
    await refused;
    expect(queues.health()).toMatchObject({ status: 'failed' });
    await part.restart();
    await expect.poll(() => works(() => queues.enqueue(queue, 'last', -1))).toBe(true);
    latch.open();
    await expect.poll(() => journal.done).toContain('last');
    const done = new Set(journal.done);
    expect(acknowledged.filter((id) => !done.has(id))).toEqual([]);
    expect(journal.done.length).toBe(done.size);
    await expect.poll(() => queues.health()).toEqual({ status: 'ok' });
  });

  it('gives a Redis that hangs up, and uses it again when it goes on', { timeout: 60_000 }, async () => {
    const part = ended(await start.redis());
    const { instance: queues } = await startedOn<RedisQueues>(redis, { ...configOf(part), timeout });
    const journal = new Journal();
    journal.work(queues, 'one');
    await queues.enqueue(queue, 'before', 1);
    await expect.poll(() => journal.done).toEqual(['before']);
    part.pause();
    await expect(queues.enqueue(queue, 'paused', 2)).rejects.toMatchObject({
      reason: 'away',
      message: expect.stringContaining('may have happened'),
    });
    part.resume();
    await expect.poll(() => works(() => queues.enqueue(queue, 'paused', 2))).toBe(true);
    await expect.poll(() => journal.done).toContain('paused');
  });

  it('says that the memory is full, and does what is there all the same', { timeout: 60_000 }, async () => {
    const part = ended(await start.redis());
    const config = { ...configOf(part), claimAfter: never, firstDelay: 10 };
    const clock = manualClock();
    const { instance: queues } = await startedOn<RedisQueues>(redis, config);
    const { instance: slow } = await startedOn<RedisQueues>(redis, config, clock);
    const journal = new Journal();
    const latch = new Latch();
    await queues.enqueue(queue, 'under-way', 0);
    journal.work(slow, 'slow', () => latch.opened);
    await expect.poll(() => journal.begun.length).toBe(1);
    for (const n of [1, 2]) await queues.enqueue(queue, `waits-${n}`, n);
    const busy = (): Promise<string> => part.cli('zscore', `{${config.prefix}}:queue:busy:plant%3Awork`, 'under-way');
    const before = Number(await busy());
    await part.cli('config', 'set', 'maxmemory', '1mb');
    await expect(queues.enqueue(queue, 'new', 3)).rejects.toMatchObject({
      reason: 'full',
      message: expect.stringContaining('maxmemory'),
    });
    expect(queues.health()).toMatchObject({ status: 'failed', reason: expect.stringContaining('maxmemory') });
    await clock.advance((never * 1000) / 4);
    await expect.poll(async () => Number(await busy())).toBeGreaterThan(before);
    journal.work(queues, 'one', (_, { attempt }) => {
      if (attempt === 1) throw new Error('not yet');
    });
    await expect.poll(() => journal.done.toSorted()).toEqual(['waits-1', 'waits-2']);
    latch.open();
    await expect.poll(() => journal.done).toContain('under-way');
    await part.cli('config', 'set', 'maxmemory', '0');
    await queues.enqueue(queue, 'new', 3);
    expect(queues.health()).toEqual({ status: 'ok' });
  });

  it('leaves alone what a host works on that gives signs of life, and takes what one without them has', {
    timeout: 60_000,
  }, async () => {
    const part = ended(await start.redis());
    const config = { ...configOf(part), claimAfter: 1 };
    const clock = manualClock();
    const { instance: lost, log } = await startedOn<RedisQueues>(redis, config, clock);
    const { instance: other } = await startedOn<RedisQueues>(redis, config);
    const journal = new Journal();
    const latch = new Latch();
    await other.enqueue(queue, 'kit', 1);
    // Its clock stands still, and so do its signs of life.
    journal.work(lost, 'lost', () => latch.opened);
    await expect.poll(() => journal.begun.length).toBe(1);
    const second = new Latch();
    journal.work(other, 'other', () => second.opened);
    await expect
      .poll(() => journal.begun.map(({ host, meta }) => [host, meta.attempt]))
      .toEqual([
        ['lost', 1],
        ['other', 2],
      ]);
    await clock.advance(1000);
    await expect.poll(() => journal.begun[0]?.meta.signal.aborted).toBe(true);
    expect(log.lines.map(({ message }) => message)).toContain('an item of a work queue may have another worker');
    latch.open();
    await expect.poll(() => journal.done).toEqual(['kit']);
    // The end of the one that had lost it was not that of the item.
    await other.enqueue(queue, 'kit', 2);
    expect(await part.cli('hget', `{${config.prefix}}:queue:item:plant%3Awork:kit`, 's')).toBe('busy');
    second.open();
    await expect.poll(() => part.cli('exists', `{${config.prefix}}:queue:item:plant%3Awork:kit`)).toBe('0');
    expect(journal.begun.length).toBe(2);
  });

  it('gives up what no worker survives, and says so', { timeout: 60_000 }, async () => {
    const part = ended(await start.redis());
    const config = { ...configOf(part), claimAfter: 1, attempts: 1 };
    const latch = new Latch();
    const { instance: lost } = await startedOn<RedisQueues>(redis, config, manualClock());
    const { instance: other, log } = await startedOn<RedisQueues>(redis, config);
    const journal = new Journal();
    await other.enqueue(queue, 'poison', 1);
    journal.work(lost, 'lost', () => latch.opened);
    await expect.poll(() => journal.begun.length).toBe(1);
    journal.work(other, 'other');
    await expect
      .poll(async () => (await other.failed(queue)).items)
      .toMatchObject([{ id: 'poison', payload: 1, attempts: 1, reason: 'its worker gave no sign of life' }]);
    expect(log.lines.map(({ level }) => level)).toContain('error');
    await expect
      .poll(() => other.health())
      .toEqual({ status: 'degraded', reason: '1 items of plant:work have failed for good' });
    await other.retry(queue, 'poison');
    await expect.poll(() => journal.done).toContain('poison');
    await expect.poll(() => other.health()).toEqual({ status: 'ok' });
    latch.open();
  });

  it('goes on at the replica that takes over; what the failover has lost can be enqueued again', {
    timeout: 120_000,
  }, async () => {
    const { master, replica, config: reached } = await guarded(start);
    const config = { ...reached, timeout };
    const { instance: queues } = await startedOn<RedisQueues>(redis, config);
    await queues.enqueue(queue, 'kept', 1);
    await expect.poll(() => replica.cli('llen', `{${config.prefix}}:queue:ready:plant%3Awork`)).toBe('1');
    await leaveBehind(replica);
    await queues.enqueue(queue, 'lost', 2);
    await master.kill();
    await expect.poll(() => works(() => queues.enqueue(queue, 'lost', 2))).toBe(true);
    const journal = new Journal();
    journal.work(queues, 'one');
    await expect.poll(() => journal.done).toEqual(['kept', 'lost']);
  });

  it('does not acknowledge what no replica has, where it waits for one', { timeout: 60_000 }, async () => {
    const { master, replica } = await replicated(start.redis, ['appendfsync everysec']);
    const { instance: queues } = await startedOn<RedisQueues>(redis, { ...configOf(master), replicas: 1, timeout });
    expect([queues.durable, queues.health()]).toEqual([true, { status: 'ok' }]);
    await queues.enqueue(queue, 'one', 1);
    replica.pause();
    for (const id of ['two', 'two']) {
      await expect(queues.enqueue(queue, id, 2)).rejects.toMatchObject({
        reason: 'away',
        message: expect.stringContaining('a replica did not confirm within 1 s'),
      });
    }
    replica.resume();
    await expect.poll(() => works(() => queues.enqueue(queue, 'two', 2))).toBe(true);
  });
});
