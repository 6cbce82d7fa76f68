import { afterAll, beforeAll, expect, it } from 'vitest';
import { runUntilKilled } from '../../core/testing/crash-process.js';
import { manualClock } from '../../core/testing/index.js';
import { Latch } from '../../core/testing/latch.js';
import { describeWith, type RedisPart } from '../parts/index.js';
import { happened, hostOn, Journal } from './event-hosts.js';
import { configOf } from './started.js';
import { typescript } from './typescript.js';

const refuse = (): never => {
  throw new Error('not here');
};

describeWith(['redis'], 'events.redis on several hosts', (start) => {
  let part: RedisPart;
  beforeAll(async () => {
    part = await start.redis();
  });
  afterAll(() => part.stop());

  const stream = (prefix: string): string => `{${prefix}}:events:type:plant%3Ahappened`;
  /** Who has what is being delivered to the group, and for how many milliseconds it has given no sign of life. */
  async function pending(prefix: string): Promise<{ readonly owner: string; readonly idle: number } | undefined> {
    const lines = (await part.cli('xpending', stream(prefix), 'one', '-', '+', '1')).split('\n');
    const [, owner, idle] = lines;
    return owner === undefined ? undefined : { owner, idle: Number(idle) };
  }

  it('gives each event to one of them, in the order of its publisher, one at a time', async () => {
    const config = configOf(part);
    const hosts = [await hostOn(config), await hostOn(config), await hostOn(config)];
    const [journal, other] = [new Journal(), new Journal()];
    for (const [at, { bus }] of hosts.entries()) {
      bus.subscribe(happened, 'one', journal.handler(`${at}`));
      bus.subscribe(happened, 'other', other.handler(`${at}`));
    }
    await Promise.all(
      hosts.flatMap(({ bus }, at) => Array.from({ length: 20 }, (_, n) => bus.publish(happened, at * 100 + n))),
    );
    await expect.poll(() => [journal.told.length, other.told.length]).toEqual([60, 60]);
    for (const { bus } of hosts) await bus.drain(AbortSignal.timeout(30_000));
    for (const { numbers, most } of [journal, other]) {
      expect(new Set(numbers).size).toBe(60);
      expect(numbers.length).toBe(60);
      expect(most).toBe(1);
      for (const at of hosts.keys()) {
        const own = numbers.filter((n) => Math.floor(n / 100) === at);
        expect(own).toEqual(Array.from({ length: 20 }, (_, n) => at * 100 + n));
      }
    }
    expect(await part.cli('xlen', stream(config.prefix))).toBe('0');
    expect(await part.cli('xinfo', 'consumers', stream(config.prefix), 'one')).toBe('');
  });

  it('goes on with another at once when a host closes its subscription, with what failed there first', async () => {
    const config = configOf(part);
    const [first, second] = [await hostOn(config), await hostOn(config)];
    const journal = new Journal();
    const failing = first.bus.subscribe(happened, 'one', journal.handler('first', refuse));
    for (const n of [1, 2, 3]) await first.bus.publish(happened, n);
    await expect.poll(() => journal.told.length).toBeGreaterThan(1);
    second.bus.subscribe(happened, 'one', journal.handler('second'));
    await failing.close();
    await expect.poll(() => journal.told.filter(({ host }) => host === 'second').map(({ n }) => n)).toEqual([1, 2, 3]);
    const at = journal.told.findIndex(({ host }) => host === 'second');
    const [last, next] = journal.told.slice(at - 1, at + 1);
    expect(next?.meta).toEqual({ ...last?.meta, attempt: (last?.meta.attempt ?? 0) + 1 });
    expect(first.bus.health()).toEqual({ status: 'ok' });
  });

  it('keeps events for a group whose only host is away, as long as it is known', async () => {
    const config = configOf(part);
    const [there, away] = [await hostOn(config), await hostOn(config)];
    const before = new Journal();
    away.bus.subscribe(happened, 'one', before.handler('before'));
    await away.bus.drain(AbortSignal.timeout(30_000));
    await there.bus.publish(happened, 1);
    await expect.poll(() => before.numbers).toEqual([1]);
    await away.stop();
    for (const n of [2, 3]) await there.bus.publish(happened, n);
    const journal = new Journal();
    (await hostOn(config)).bus.subscribe(happened, 'one', journal.handler('after'));
    await expect.poll(() => journal.numbers).toEqual([2, 3]);
    expect(journal.told.map(({ meta }) => meta.attempt)).toEqual([1, 1]);
  });

  it('takes what a host had that was killed with it in its handler, under its id and before what came later', {
    timeout: 180_000,
  }, async () => {
    const config = { ...configOf(part), claimAfter: 1 };
    const alive = await hostOn(config);
    const journal = new Journal();
    // A group that is there before its events, whichever process comes first.
    await alive.bus.subscribe(happened, 'one', journal.handler('early')).close();
    for (const n of [1, 2, 3]) await alive.bus.publish(happened, n);
    const reports: { readonly n: number; readonly id: string }[] = [];
    const module = new URL('../../providers/events/redis/index.ts', import.meta.url).href;
    const task = { module, config, dataDir: part.directory, execArgv: ['--import', typescript] };
    await runUntilKilled<{ readonly n: number; readonly id: string }>(import.meta.url, 'hung-host', task, (report) => {
      reports.push(report);
      return true;
    });
    alive.bus.subscribe(happened, 'one', journal.handler('alive'));
    await expect.poll(() => journal.numbers).toEqual([1, 2, 3]);
    expect(reports).toEqual([{ n: 1, id: journal.told[0]?.meta.id }]);
    expect(journal.told.map(({ meta }) => meta.attempt)).toEqual([2, 1, 1]);
  });

  it('leaves alone what a host delivers that gives signs of life, however long, and takes what one without them has', async () => {
    const config = { ...configOf(part), claimAfter: 60 };
    const clocks = [manualClock(), manualClock()] as const;
    const [slow, other] = [await hostOn(config, clocks[0]), await hostOn(config, clocks[1])];
    const latch = new Latch();
    const journal = new Journal();
    slow.bus.subscribe(
      happened,
      'one',
      journal.handler('slow', () => latch.opened),
    );
    await slow.bus.publish(happened, 1);
    await expect.poll(() => journal.told.length).toBe(1);
    other.bus.subscribe(happened, 'one', journal.handler('other'));
    await expect.poll(() => clocks[1].waiting).toBe(3);
    const owner = (await pending(config.prefix))?.owner ?? '';

    // As if it had not been heard of for long: the other has just come and gives it the time to be heard.
    const [id = ''] = (await part.cli('xpending', stream(config.prefix), 'one', '-', '+', '1')).split('\n');
    const silent = async (): Promise<void> => {
      await part.cli('xclaim', stream(config.prefix), 'one', owner, '0', id, 'idle', '600000', 'justid');
    };
    await silent();
    const { bus } = other;
    await bus.publish(happened, 2);
    await bus.drain(AbortSignal.timeout(30_000));
    expect(await pending(config.prefix)).toMatchObject({ owner });
    await clocks[0].advance(15_000);
    await expect.poll(async () => (await pending(config.prefix))?.idle).toBeLessThan(600_000);
    await clocks[1].advance(120_000);
    await bus.drain(AbortSignal.timeout(30_000));
    expect(await pending(config.prefix)).toMatchObject({ owner });
    expect(journal.numbers).toEqual([1]);

    await silent();
    await bus.publish(happened, 3);
    await expect.poll(() => journal.numbers).toEqual([1, 1, 2, 3]);
    await clocks[0].advance(15_000);
    await expect
      .poll(() => slow.log.lines.map(({ message }) => message))
      .toContain('another host has taken an event that is handled here');
    latch.open();
    await slow.bus.publish(happened, 4);
    await expect.poll(() => journal.numbers).toEqual([1, 1, 2, 3, 4]);
    expect(await part.cli('xlen', stream(config.prefix))).toBe('0');
  });

  it('keeps what one group has not handled, whatever the others have, and no more', async () => {
    const config = configOf(part);
    const { bus } = await hostOn(config);
    const [quick, slow] = [new Journal(), new Journal()];
    let broken = true;
    bus.subscribe(happened, 'quick', quick.handler('quick'));
    bus.subscribe(
      happened,
      'one',
      slow.handler('slow', (n) => {
        if (broken && n === 3) refuse();
      }),
    );
    for (const n of [1, 2, 3, 4, 5]) await bus.publish(happened, n);
    await expect.poll(() => quick.numbers).toEqual([1, 2, 3, 4, 5]);
    await expect.poll(() => slow.numbers).toContain(3);
    expect(await part.cli('xlen', stream(config.prefix))).toBe('3');
    broken = false;
    await expect.poll(() => [...new Set(slow.numbers)]).toEqual([1, 2, 3, 4, 5]);
    await expect.poll(() => part.cli('xlen', stream(config.prefix))).toBe('0');
    expect(quick.told.length).toBe(5);
  });

  it('forgets a group that no host has subscribed to for long, with what waits for it, and says so', async () => {
    const config = configOf(part);
    const clock = manualClock();
    const { bus, log } = await hostOn(config, clock);
    const journal = new Journal();
    for (const group of ['gone', 'one']) {
      const subscription = bus.subscribe(happened, group, journal.handler(group));
      await bus.publish(happened, 0);
      await bus.drain(AbortSignal.timeout(30_000));
      if (group === 'gone') await subscription.close();
    }
    for (const n of [1, 2]) await bus.publish(happened, n);
    await bus.drain(AbortSignal.timeout(30_000));
    expect(await part.cli('xlen', stream(config.prefix))).toBe('3');
    for (const group of ['gone', 'one'])
      await part.cli('zadd', `{${config.prefix}}:events:seen`, '1', `plant%3Ahappened ${group}`);
    await clock.advance(3_600_000);
    await expect
      .poll(() => log.lines.map(({ fields }) => fields))
      .toEqual([{ type: 'plant:happened', group: 'gone', undelivered: 3, forgetAfter: 30 }]);
    expect(await part.cli('xlen', stream(config.prefix))).toBe('0');
    await bus.publish(happened, 4);
    await expect.poll(() => journal.numbers.at(-1)).toBe(4);
  });
});
