import { expect, it } from 'vitest';
import { Latch } from '../../core/testing/latch.js';
import { describeWith } from '../parts/index.js';
import { happened, hostOn, Journal } from './event-hosts.js';
import { configOf, ended, guarded, leaveBehind, replicated, works } from './started.js';

/** For Redis that is away on purpose: seconds. */
const timeout = 1;

describeWith(['redis', 'sentinel'], 'events.redis and its faults', (start) => {
  it('delivers what it acknowledged when Redis is killed and comes back, and goes on by itself', {
    timeout: 90_000,
  }, async () => {
    const part = ended(await start.redis());
    const config = { ...configOf(part), timeout };
    const [publisher, subscriber, other] = [await hostOn(config), await hostOn(config), await hostOn(config)];
    const journal = new Journal();
    const latch = new Latch();
    const react = (n: number): Promise<void> | undefined => (n === 20 ? latch.opened : undefined);
    subscriber.bus.subscribe(happened, 'one', journal.handler('subscriber', react));
    await subscriber.bus.drain(AbortSignal.timeout(30_000));
    other.bus.subscribe(happened, 'one', journal.handler('other', react));
    await other.bus.drain(AbortSignal.timeout(30_000));
    const acknowledged: number[] = [];
    const publishing = (async () => {
      for (let n = 0; n < 10_000; n++) {
        await publisher.bus.publish(happened, n);
        acknowledged.push(n);
      }
    })();
    const refused = expect(publishing).rejects.toMatchObject({ name: 'EventFault', reason: 'away' });
    await expect.poll(() => [journal.numbers.at(-1), acknowledged.length > 50]).toEqual([20, true]);
    await part.kill();
    await refused;
    await expect(publisher.bus.publish(happened, -1)).rejects.toMatchObject({ name: 'EventFault', reason: 'away' });
    expect(publisher.bus.health()).toMatchObject({ status: 'failed' });

    await part.restart();
    await expect.poll(() => works(() => publisher.bus.publish(happened, 10_001))).toBe(true);
    const waits = journal.told.at(-1)?.host === 'other' ? subscriber : other;
    await waits.bus.drain(AbortSignal.timeout(30_000));
    // It was not cut off in its handler, and nobody else was given what it has.
    expect([journal.most, journal.numbers.filter((n) => n === 20).length]).toEqual([1, 1]);
    latch.open();
    await expect.poll(() => journal.numbers.at(-1)).toBe(10_001);
    const told = new Set(journal.numbers);
    expect(acknowledged.filter((n) => !told.has(n))).toEqual([]);
    expect(journal.most).toBe(1);
    const firsts = [...told].filter((n) => n >= 0);
    expect(firsts).toEqual([...firsts].sort((a, b) => a - b));
    await expect.poll(() => publisher.bus.health()).toEqual({ status: 'ok' });
  });

  it('gives a Redis that hangs up, and uses it again when it goes on', { timeout: 60_000 }, async () => {
    const part = ended(await start.redis());
    const { bus } = await hostOn({ ...configOf(part), timeout });
    const journal = new Journal();
    bus.subscribe(happened, 'one', journal.handler('one'));
    await bus.publish(happened, 1);
    await expect.poll(() => journal.numbers).toEqual([1]);
    part.pause();
    await expect(bus.publish(happened, 2)).rejects.toMatchObject({
      reason: 'away',
      message: expect.stringContaining('may have been told'),
    });
    part.resume();
    await expect.poll(() => works(() => bus.publish(happened, 3))).toBe(true);
    await expect.poll(() => journal.numbers.at(-1)).toBe(3);
  });

  it('says that the memory is full, tells nobody, and delivers what is there all the same', {
    timeout: 60_000,
  }, async () => {
    const part = ended(await start.redis());
    const { bus } = await hostOn(configOf(part));
    const journal = new Journal();
    const latch = new Latch();
    bus.subscribe(
      happened,
      'one',
      journal.handler('one', () => latch.opened),
    );
    for (const n of [1, 2]) await bus.publish(happened, n);
    await part.cli('config', 'set', 'maxmemory', '1mb');
    await expect(bus.publish(happened, 3)).rejects.toMatchObject({
      reason: 'full',
      message: expect.stringContaining('maxmemory'),
    });
    expect(bus.health()).toMatchObject({ status: 'failed', reason: expect.stringContaining('maxmemory') });
    latch.open();
    await bus.drain(AbortSignal.timeout(30_000));
    expect(journal.numbers).toEqual([1, 2]);
    await part.cli('config', 'set', 'maxmemory', '0');
    await bus.publish(happened, 4);
    await expect.poll(() => journal.numbers).toEqual([1, 2, 4]);
    expect(bus.health()).toEqual({ status: 'ok' });
  });

  it('tells what a crash of Redis can cost, and refuses one that throws away what it was told to keep', {
    timeout: 60_000,
  }, async () => {
    const lazy = ended(await start.redis({ settings: ['appendfsync everysec'] }));
    const { bus } = await hostOn(configOf(lazy));
    expect(bus.durable).toBe(false);
    expect(bus.health()).toMatchObject({
      status: 'degraded',
      reason: expect.stringContaining('appendfsync everysec'),
    });
    const forgetful = ended(await start.redis({ settings: ['maxmemory 50mb', 'maxmemory-policy allkeys-lru'] }));
    await expect(hostOn(configOf(forgetful))).rejects.toMatchObject({
      name: 'EventFault',
      message: expect.stringContaining('set it to noeviction'),
    });
    await lazy.cli('set', '{late}:events:format', '2');
    await expect(hostOn({ ...configOf(lazy), prefix: 'late' })).rejects.toMatchObject({ reason: 'newer' });
  });

  it('goes on at the replica that takes over, with groups whose beginning it has lost', {
    timeout: 90_000,
  }, async () => {
    const { master, replica, config: reached } = await guarded(start);
    const config = { ...reached, timeout };
    const [one, two] = [await hostOn(config), await hostOn(config)];
    const [kept, lost] = [new Journal(), new Journal()];
    let broken = true;
    const react = (): void => {
      if (broken) throw new Error('not yet');
    };
    one.bus.subscribe(happened, 'kept', kept.handler('one', react));
    await one.bus.drain(AbortSignal.timeout(30_000));
    for (const n of [1, 2]) await two.bus.publish(happened, n);
    await expect.poll(() => kept.told.length).toBeGreaterThan(0);
    await expect.poll(() => replica.cli('xlen', `{${config.prefix}}:events:type:plant%3Ahappened`)).toBe('2');

    await leaveBehind(replica);
    one.bus.subscribe(happened, 'lost', lost.handler('one'));
    await one.bus.drain(AbortSignal.timeout(30_000));
    await two.bus.publish(happened, 3);
    await expect.poll(() => lost.numbers).toContain(3);
    await master.kill();

    await expect.poll(() => works(() => two.bus.publish(happened, 4))).toBe(true);
    broken = false;
    await expect.poll(() => [...new Set(kept.numbers)]).toEqual([1, 2, 4]);
    await expect.poll(() => lost.numbers.at(-1)).toBe(4);
    for (const { bus } of [one, two]) await expect.poll(() => bus.health()).toEqual({ status: 'ok' });
  });

  it('does not acknowledge what no replica has, where it waits for one', { timeout: 60_000 }, async () => {
    const { master, replica } = await replicated(start.redis, ['appendfsync everysec']);
    const { bus } = await hostOn({ ...configOf(master), replicas: 1, timeout });
    bus.subscribe(happened, 'one', () => undefined);
    expect([bus.durable, bus.health()]).toEqual([true, { status: 'ok' }]);
    await Promise.all(Array.from({ length: 50 }, (_, n) => bus.publish(happened, n)));
    replica.pause();
    await expect(bus.publish(happened, 1)).rejects.toMatchObject({
      reason: 'away',
      message: expect.stringContaining('a replica did not confirm within 1 s; the change may have happened'),
    });
    replica.resume();
    await expect.poll(() => works(() => bus.publish(happened, 2))).toBe(true);
  });
});
