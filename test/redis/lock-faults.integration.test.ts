import { randomUUID } from 'node:crypto';
import { expect, it } from 'vitest';
import { manualClock } from '../../core/testing/index.js';
import redis, { type RedisLocks } from '../../providers/lock/redis/index.js';
import { describeWith, type RedisPart } from '../parts/index.js';
import { configOf, ended, guarded, leaveBehind, replicated, startedOn, works } from './started.js';

/** For Redis that is away on purpose: seconds. */
const timeout = 1;
/** Seconds; longer than any test: time passes by hand alone. */
const duration = 3600;
const third = (duration * 1000) / 3;

/** Until when Redis has the lease, by its own clock. */
const until = async (part: RedisPart, prefix: string): Promise<number> =>
  Number(await part.cli('hget', `{${prefix}}:lock:name:kit`, 'u'));

/** With another name each time: the lease of a call whose answer was lost is there until it runs out. */
const serves = (locks: RedisLocks): Promise<boolean> =>
  works(async () => (await locks.acquire(randomUUID())).release());

describeWith(['redis', 'sentinel'], 'lock.redis and its faults', (start) => {
  it('keeps a lease over a Redis that is killed and comes back, and tells the holder when it stays away', {
    timeout: 120_000,
  }, async () => {
    const part = ended(await start.redis());
    const config = { ...configOf(part), duration, timeout };
    const clock = manualClock();
    const { instance: locks } = await startedOn<RedisLocks>(redis, config, clock);
    const lease = await locks.acquire('kit');
    const before = await until(part, config.prefix);
    await part.kill();
    await clock.advance(third);
    await expect(locks.acquire('other')).rejects.toMatchObject({ name: 'LockFault', reason: 'away' });
    expect(locks.health()).toMatchObject({ status: 'failed' });
    await part.restart();
    const renewed = async (): Promise<boolean> => {
      await clock.advance(10_000);
      return (await until(part, config.prefix)) > before;
    };
    await expect.poll(renewed).toBe(true);
    expect(lease.signal.aborted).toBe(false);

    await part.kill();
    await clock.advance(duration * 1000);
    expect(lease.signal.reason).toMatchObject({ name: 'LockFault', reason: 'lost' });
    await lease.release();
    await part.restart();
    await expect.poll(() => locks.health()).toEqual({ status: 'ok' });
  });

  it('gives a Redis that hangs up, and a lease that cannot be renewed in time', { timeout: 60_000 }, async () => {
    const part = ended(await start.redis());
    const clock = manualClock();
    const { instance: locks } = await startedOn<RedisLocks>(redis, { ...configOf(part), duration, timeout }, clock);
    const lease = await locks.acquire('kit');
    part.pause();
    await expect(locks.acquire('other')).rejects.toMatchObject({ reason: 'away' });
    expect(lease.signal.aborted).toBe(false);
    await clock.advance(duration * 1000);
    expect(lease.signal.reason).toMatchObject({ reason: 'lost' });
    part.resume();
    await expect.poll(() => serves(locks)).toBe(true);
  });

  it('says that the memory is full, and renews and releases all the same', { timeout: 60_000 }, async () => {
    const part = ended(await start.redis());
    const config = { ...configOf(part), duration };
    const clock = manualClock();
    const { instance: locks } = await startedOn<RedisLocks>(redis, config, clock);
    const { instance: others } = await startedOn<RedisLocks>(redis, config);
    const lease = await locks.acquire('kit');
    const waiting = others.acquire('kit');
    const before = await until(part, config.prefix);
    await part.cli('config', 'set', 'maxmemory', '1mb');
    await expect(locks.acquire('other')).rejects.toMatchObject({
      reason: 'full',
      message: expect.stringContaining('maxmemory'),
    });
    await clock.advance(third);
    await expect.poll(() => until(part, config.prefix)).toBeGreaterThan(before);
    expect(lease.signal.aborted).toBe(false);
    await part.cli('config', 'set', 'maxmemory', '0');
    await lease.release();
    expect((await waiting).fence).toBeGreaterThan(lease.fence);
  });

  it('keeps a lease that a failover has forgotten, unless somebody has had it since; fences go on growing', {
    timeout: 120_000,
  }, async () => {
    const { master, replica, config: reached } = await guarded(start);
    const config = { ...reached, timeout, duration };
    const clock = manualClock();
    const { instance: one } = await startedOn<RedisLocks>(redis, config, clock);
    const { instance: two } = await startedOn<RedisLocks>(redis, config);
    await leaveBehind(replica);
    const [kept, taken] = [await one.acquire('kit'), await one.acquire('taken')];
    await master.kill();

    for (const each of [one, two]) await expect.poll(() => serves(each)).toBe(true);
    const theirs = await two.acquire('taken');
    expect(theirs.fence).toBeGreaterThan(taken.fence);
    await clock.advance(third);
    await expect.poll(() => taken.signal.reason).toMatchObject({ reason: 'lost' });
    await expect.poll(() => replica.cli('hget', `{${config.prefix}}:lock:name:kit`, 'f')).toBe(String(kept.fence));
    expect([kept.signal.aborted, theirs.signal.aborted]).toEqual([false, false]);
    await kept.release();
    expect((await two.acquire('kit')).fence).toBeGreaterThan(kept.fence);
  });

  it('gives no lease that no replica knows of, where it waits for one, and leaves none behind', {
    timeout: 60_000,
  }, async () => {
    const { master, replica } = await replicated(start.redis);
    const config = { ...configOf(master), replicas: 1, duration, timeout };
    const { instance: locks } = await startedOn<RedisLocks>(redis, config);
    await (await locks.acquire('kit')).release();
    const clock = manualClock();
    const { instance: other } = await startedOn<RedisLocks>(redis, { ...config, prefix: 'other' }, clock);
    const lease = await other.acquire('kit');
    const before = await until(master, 'other');
    replica.pause();
    // Renewed where it may be lost in a failover: that does not count.
    await clock.advance(third);
    await expect.poll(() => until(master, 'other')).toBeGreaterThan(before);
    await clock.advance(2 * third);
    expect(lease.signal.reason).toMatchObject({ reason: 'lost' });
    await expect(locks.acquire('kit')).rejects.toMatchObject({
      reason: 'away',
      message: expect.stringContaining('a replica did not confirm within 1 s'),
    });
    replica.resume();
    await expect.poll(() => works(() => locks.acquire('kit'))).toBe(true);
  });
});
