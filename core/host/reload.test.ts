import { setImmediate } from 'node:timers/promises';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { afterEach, describe, expect, it } from 'vitest';
import { type Definition, defineBinding, defineManager, defineVendor, z } from '../plugin/index.js';
import { ref } from '../ports/port.js';
import { startTestHost, type TestHost } from '../testing/host.js';
import { Latch } from '../testing/latch.js';

/** What a test tells instances to do, by entry and how many of that entry have been made before. */
interface Orders {
  throwsInCreate: (entry: string, nth: number) => boolean;
  start: (entry: string, nth: number, signal: AbortSignal) => Promise<void> | void;
  drain: (entry: string, nth: number) => Promise<void> | void;
  stop: (entry: string, nth: number) => Promise<void> | void;
}

interface Toys {
  readonly events: string[];
  readonly orders: Orders;
  readonly definitions: readonly Definition[];
  /** All that were made. */
  readonly instances: readonly WeakRef<object>[];
  /** Since the last time. */
  take(): string[];
}

const Part = ref<object>('manager.part');

function toys(): Toys {
  const events: string[] = [];
  const orders: Orders = {
    throwsInCreate: () => false,
    start: () => undefined,
    drain: () => undefined,
    stop: () => undefined,
  };
  const made = new Map<string, number>();
  const instances: WeakRef<object>[] = [];
  const create = ({ name }: { readonly name: string }) => {
    const nth = (made.get(name) ?? 0) + 1;
    made.set(name, nth);
    events.push(`create ${name}#${nth}`);
    if (orders.throwsInCreate(name, nth)) throw new Error(`${name} cannot be made`);
    const hook = (phase: 'start' | 'drain' | 'stop') => async (signal: AbortSignal) => {
      events.push(`${phase} ${name}#${nth}`);
      await orders[phase](name, nth, signal);
    };
    const instance = { start: hook('start'), drain: hook('drain'), stop: hook('stop'), addresses: () => [] };
    instances.push(new WeakRef(instance));
    return instance;
  };
  const common = { version: '1.0.0', config: z.looseObject({}) };
  return {
    events,
    orders,
    instances,
    take: () => events.splice(0),
    definitions: [
      defineManager({ ...common, type: 'manager.part', provides: Part, create }),
      defineManager({ ...common, type: 'manager.user', uses: { part: Part }, create }),
      defineVendor({ ...common, type: 'vendor.toy', create }),
      defineBinding({
        ...common,
        type: 'binding.toy',
        create,
      }),
    ],
  };
}

const profile = ({ part = '{}', user = '{}', host = '{}', more = '' } = {}): string => `
profile: toys
host: ${host}
managers:
  part: { type: manager.part, config: ${part} }
  user: { type: manager.user, uses: { part: part }, config: ${user} }
  aside: { type: manager.part }
  asideUser: { type: manager.user, uses: { part: aside } }
${more}`;

const changed = profile({ part: '{ edition: 2 }' });

describe('reload', () => {
  const hosts: TestHost[] = [];
  afterEach(async () => {
    for (const host of hosts.splice(0)) await host.stop();
  });
  async function hostOf({ definitions, take }: Toys, text = profile()): Promise<TestHost> {
    const host = await startTestHost({ profile: text, definitions });
    hosts.push(host);
    take();
    return host;
  }
  const entriesOf = (host: TestHost) =>
    Object.fromEntries(host.status.entries().map(({ name, health }) => [name, health.reason ?? health.status]));

  it('replaces the changed part alone: the new one is made first, the old one ends in reverse, then the new one starts', async () => {
    const house = toys();
    const host = await hostOf(house);
    const report = await host.reload(changed);
    expect(house.take()).toEqual([
      'create part#2',
      'create user#2',
      'drain user#1',
      'drain part#1',
      'stop user#1',
      'stop part#1',
      'start part#2',
      'start user#2',
    ]);
    expect(report).toMatchObject({ outcome: 'reloaded', failures: [], down: [] });
    expect(report.summary).toMatch(/^reloaded in \d+ ms: 2 replaced, 2 kept$/);
    expect(host.status.phase()).toBe('ready');
    await host.stop();
    expect(
      house
        .take()
        .filter((event) => event.startsWith('stop'))
        .sort(),
    ).toEqual(['stop aside#1', 'stop asideUser#1', 'stop part#2', 'stop user#2']);
  });

  it('touches nothing when nothing changed', async () => {
    const house = toys();
    const host = await hostOf(house);
    expect(await host.reload(profile())).toMatchObject({ outcome: 'unchanged' });
    expect(house.take()).toEqual([]);
  });

  it('starts what is added, being ready all the while, and stops what is removed', async () => {
    const house = toys();
    const host = await hostOf(house);
    const phases: string[] = [];
    house.orders.start = () => void phases.push(host.status.phase());
    const more = '  late: { type: manager.user, uses: { part: aside } }';
    await host.reload(profile({ more }));
    expect(house.take()).toEqual(['create late#1', 'start late#1']);
    expect(phases).toEqual(['ready']);
    expect(entriesOf(host)).toMatchObject({ late: 'ok' });
    await host.reload(profile());
    expect(house.take()).toEqual(['drain late#1', 'stop late#1']);
    expect(entriesOf(host)).not.toHaveProperty('late');
  });

  it('replaces the entries of a definition that was read anew, and these only', async () => {
    const house = toys();
    const host = await hostOf(house);
    const anew = house.definitions.map((one) => (one.type === 'manager.user' ? Object.freeze({ ...one }) : one));
    const { plan } = await host.reload(profile(), anew);
    expect(plan.replaced.map(({ entry, because }) => `${entry}: ${because}`)).toEqual([
      'user: its code changed',
      'asideUser: its code changed',
    ]);
    expect(await host.reload(profile(), anew)).toMatchObject({ outcome: 'unchanged' });
  });

  it('is not ready meanwhile, and says of which entries', async () => {
    const house = toys();
    const host = await hostOf(house);
    const seen: unknown[] = [];
    house.orders.drain = () => void seen.push([host.status.phase(), entriesOf(host)]);
    house.orders.start = () => void seen.push([host.status.phase(), entriesOf(host)]);
    await host.reload(profile({ user: '{ edition: 2 }' }));
    const all = { part: 'ok', user: 'ok', aside: 'ok', asideUser: 'ok' };
    expect(seen).toEqual([
      ['reloading', all],
      ['reloading', { ...all, user: 'it is being replaced' }],
    ]);
    expect(entriesOf(host)).toEqual(all);
  });

  it('waits for what is under way in the old part before it stops it', async () => {
    const house = toys();
    const host = await hostOf(house);
    const finish = new Latch();
    const draining = new Latch();
    house.orders.drain = (entry) => {
      if (entry !== 'user') return undefined;
      draining.open();
      return finish.opened;
    };
    const reloaded = host.reload(changed);
    await draining.opened;
    expect(house.events.filter((event) => /^(stop|start)/.test(event))).toEqual([]);
    finish.open();
    expect(await reloaded).toMatchObject({ outcome: 'reloaded' });
  });

  it('goes on over a part that does not drain or stop, and logs it', async () => {
    const house = toys();
    const host = await hostOf(house);
    const fails = (entry: string) => {
      if (entry === 'user') throw new Error('not today');
    };
    house.orders.drain = fails;
    house.orders.stop = fails;
    expect(await host.reload(changed)).toMatchObject({ outcome: 'reloaded' });
    expect(host.log()).toContain('user did not drain: not today');
    expect(host.log()).toContain('user did not stop: not today');
    house.orders.stop = () => undefined;
  });

  it('touches nothing when an entry of the new part cannot be made', async () => {
    const house = toys();
    const host = await hostOf(house);
    house.orders.throwsInCreate = (entry, nth) => entry === 'part' && nth === 2;
    const report = await host.reload(changed);
    expect(report).toMatchObject({
      outcome: 'refused',
      failures: [{ entry: 'part', reason: 'part cannot be made' }],
      summary: 'not reloaded, nothing was touched: part: part cannot be made',
    });
    expect(house.take()).toEqual(['create part#2']);
    expect(await host.reload(changed)).toMatchObject({ outcome: 'reloaded' });
  });

  it('refuses what needs a restart', async () => {
    const house = toys();
    const host = await hostOf(house);
    const report = await host.reload(profile().replace('profile: toys', 'profile: other'));
    expect(report).toMatchObject({ outcome: 'refused', summary: expect.stringContaining('restart the host') });
    expect(house.take()).toEqual([]);
  });

  it.each<[string, Orders['start'], string, string]>([
    [
      'throws',
      (entry, nth) => {
        if (entry === 'part' && nth === 2) throw new Error('no such disk');
      },
      'no such disk',
      '{}',
    ],
    [
      'hangs',
      (entry, nth, signal) =>
        entry === 'part' && nth === 2
          ? new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason as Error)))
          : undefined,
      'start took longer than 20 ms',
      '{ deadlines: { start: 20ms } }',
    ],
  ])('starts new instances of the old part when the new one %s in its start', async (_, start, reason, host) => {
    const house = toys();
    const running = await hostOf(house);
    house.orders.start = start;
    const report = await running.reload(profile({ part: '{ edition: 2 }', host }));
    expect(report).toMatchObject({
      outcome: 'rolled-back',
      failures: [
        { entry: 'part', reason },
        { entry: 'user', reason: 'not started, it needs part' },
      ],
      down: [],
    });
    expect(report.summary).toContain(`the old profile is in force again: part: ${reason}`);
    expect(running.log()).toContain('the old profile is in force again');
    const events = house.take();
    expect(events.slice(events.indexOf('start part#2'))).toEqual([
      'start part#2',
      'stop part#2',
      'create part#3',
      'create user#3',
      'start part#3',
      'start user#3',
    ]);
    expect(entriesOf(running)).toEqual({ part: 'ok', user: 'ok', aside: 'ok', asideUser: 'ok' });
    expect(running.status.phase()).toBe('ready');
    house.orders.start = () => undefined;
    expect(await running.reload(profile())).toMatchObject({ outcome: 'unchanged' });
    expect(await running.reload(changed)).toMatchObject({ outcome: 'reloaded' });
  });

  it.each<[string, string, Partial<Orders>]>([
    [
      'start',
      'the disk is gone',
      {
        start: (entry, nth) => {
          if (entry === 'part' && nth > 1) throw new Error('the disk is gone');
        },
      },
    ],
    [
      'be made',
      'part cannot be made',
      {
        throwsInCreate: (entry, nth) => entry === 'part' && nth === 3,
        start: (entry, nth) => {
          if (entry === 'part' && nth === 2) throw new Error('no');
        },
      },
    ],
  ])('goes on with what works when the old part does not %s again either, and heals later', async (_, why, orders) => {
    const house = toys();
    const host = await hostOf(house);
    Object.assign(house.orders, orders);
    const report = await host.reload(changed);
    expect(report).toMatchObject({ outcome: 'broken' });
    expect(report.summary).toContain(`of the old profile these do not start again: part (${why}), user (`);
    expect(host.log()).toContain('"level":"error"');
    expect(entriesOf(host)).toMatchObject({ part: why, user: expect.stringContaining('needs'), aside: 'ok' });
    expect(house.take().filter((event) => event.includes('aside'))).toEqual([]);
    Object.assign(house.orders, { start: () => undefined, throwsInCreate: () => false });
    const healed = await host.reload(profile());
    expect(healed.plan.replaced.map(({ because }) => because)).toEqual([
      'it does not run',
      'it does not run; it uses part, which is replaced',
    ]);
    expect(entriesOf(host)).toEqual({ part: 'ok', user: 'ok', aside: 'ok', asideUser: 'ok' });
  });

  it('is given up when the host is stopped during it: nothing is started any more, all is stopped', async () => {
    const house = toys();
    const host = await hostOf(house);
    const starting = new Latch();
    house.orders.start = (entry, _nth, signal) => {
      if (entry !== 'part') return undefined;
      starting.open();
      return new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason as Error)));
    };
    const reloaded = host.reload(changed);
    const queued = host.reload(profile({ user: '{ edition: 3 }' }));
    await starting.opened;
    const stopped = host.stop();
    expect(host.status.phase()).toBe('draining');
    expect(await reloaded).toMatchObject({ outcome: 'stopped' });
    expect(await queued).toMatchObject({ outcome: 'stopped' });
    await stopped;
    expect(host.status.phase()).toBe('stopped');
    const events = house.take();
    expect(events).not.toContain('start user#2');
    const started = new Set(events.filter((event) => event.startsWith('start')).map((event) => event.slice(6)));
    const all = [...started, 'part#1', 'user#1', 'aside#1', 'asideUser#1'];
    for (const one of all) expect(events).toContain(`stop ${one}`);
    expect(events).not.toContain('create user#3');
  });

  it('lets the old part come to its end before the rest is stopped, when the host is stopped meanwhile', async () => {
    const house = toys();
    const host = await hostOf(house);
    const finish = new Latch();
    const draining = new Latch();
    const phases = new Set<string>();
    house.orders.drain = (entry) => {
      if (entry !== 'user') return undefined;
      draining.open();
      return finish.opened;
    };
    house.orders.stop = () => void phases.add(host.status.phase());
    const reloaded = host.reload(changed);
    await draining.opened;
    const stopped = host.stop();
    await setImmediate();
    expect(house.events.filter((event) => event.startsWith('drain'))).toEqual(['drain user#1']);
    finish.open();
    expect(await reloaded).toMatchObject({ outcome: 'stopped' });
    await stopped;
    const events = house.take();
    expect(events.indexOf('stop part#1')).toBeLessThan(events.indexOf('drain aside#1'));
    expect(events.filter((event) => event.startsWith('start'))).toEqual([]);
    expect([...phases]).toEqual(['draining']);
  });

  it('does nothing after the host has stopped', async () => {
    const house = toys();
    const host = await startTestHost({ profile: profile(), definitions: house.definitions });
    await host.stop();
    house.take();
    expect(await host.reload(changed)).toMatchObject({ outcome: 'stopped' });
    expect(house.take()).toEqual([]);
  });

  it('is done one at a time, in the order of the calls', async () => {
    const house = toys();
    const host = await hostOf(house);
    const hold = new Latch();
    const starting = new Latch();
    house.orders.start = (entry, nth) => {
      if (entry !== 'part' || nth !== 2) return undefined;
      starting.open();
      return hold.opened;
    };
    const first = host.reload(changed);
    await starting.opened;
    const second = host.reload(profile({ part: '{ edition: 3 }' }));
    const third = host.reload(profile({ part: '{ edition: 3 }' }));
    expect(house.events).not.toContain('create part#3');
    hold.open();
    expect(await first).toMatchObject({ outcome: 'reloaded' });
    expect(await second).toMatchObject({ outcome: 'reloaded' });
    expect(await third).toMatchObject({ outcome: 'unchanged' });
    expect(house.take().filter((event) => event.startsWith('start part'))).toEqual(['start part#2', 'start part#3']);
  });

  it('changes settings of the host at once, and no entry for their sake', async () => {
    const house = toys();
    const host = await hostOf(house);
    const report = await host.reload(profile({ host: '{ log: { level: error, format: text } }' }));
    expect(report).toMatchObject({ outcome: 'reloaded', plan: { settings: ['host.log'] } });
    expect(house.take()).toEqual([]);
    expect(host.log()).not.toContain('host.log changed');
    await host.reload(profile({ host: '{ log: { level: info, format: text } }' }));
    expect(host.log()).toMatch(/INFO {2}host: reloaded in \d+ ms: 4 kept, host.log changed/);
  });

  it('lets go of what was replaced, however often', async () => {
    const house = toys();
    const door = 'vendors: { toy: { type: vendor.toy } }\nbindings: { door: { type: binding.toy } }';
    const host = await hostOf(house, `${profile()}${door}`);
    for (let edition = 1; edition <= 20; edition += 1) {
      const text = `${profile({ part: `{ edition: ${edition} }` })}${door.replace('toy }', `toy, path: /v${edition} }`)}`;
      expect(await host.reload(text)).toMatchObject({ outcome: 'reloaded' });
    }
    const events = house.take();
    expect(events.filter((event) => event.startsWith('create'))).toHaveLength(80);
    expect(events.filter((event) => event.startsWith('stop'))).toHaveLength(80);
    await setImmediate();
    collectGarbage();
    expect(host.status.entries()).toHaveLength(6);
    // What runs, and no more than one generation of what was before it.
    expect(house.instances.filter((instance) => instance.deref() !== undefined).length).toBeLessThanOrEqual(10);
  });
});

function collectGarbage(): void {
  setFlagsFromString('--expose-gc');
  (runInNewContext('gc') as () => void)();
}
