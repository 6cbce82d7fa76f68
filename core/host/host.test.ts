import { afterEach, describe, expect, it } from 'vitest';
import {
  atLeast,
  defineBinding,
  defineManager,
  defineOperation,
  definePort,
  defineProvider,
  defineVendor,
  empty,
  type Lifecycle,
  secret,
  serve,
  z,
} from '../plugin/index.js';
import { startTestHost, type TestHost, type TestHostOptions } from '../testing/host.js';
import { StartUpError } from './failures.js';

interface Store {
  name(): string;
}
const Store = definePort<Store>('store', 'A store');

/** What happened to entries, in order. */
function house(): { events: string[]; definitions: ReturnType<typeof defineProvider>[] } {
  const events: string[] = [];
  const hooks = (name: string, fails?: string): Lifecycle => ({
    start: () => {
      events.push(`start ${name}`);
      if (fails === 'start') throw new Error(`${name} cannot start`);
    },
    drain: () => void events.push(`drain ${name}`),
    stop: () => void events.push(`stop ${name}`),
    health: () => (fails === 'health' ? { status: 'degraded', reason: 'a peer is away' } : { status: 'ok' }),
  });
  const config = z.strictObject({ fails: z.string().optional(), password: secret(z.string()).optional() });
  return {
    events,
    definitions: [
      defineProvider({
        port: Store,
        type: 'store.toy',
        version: '1.0.0',
        config,
        create: ({ name, config: { fails, password }, log }) => {
          events.push(`create ${name}`);
          if (fails === 'create') throw new Error(`${name} cannot be made`);
          return {
            ...hooks(name, fails),
            name: () => {
              log.info(`opened with ${password}`, { password, nested: { password } });
              return name;
            },
          };
        },
      }),
      defineManager({
        type: 'manager.toy',
        version: '1.0.0',
        config,
        uses: { store: Store },
        create: ({ name, config: { fails }, uses: { store } }) => {
          events.push(`create ${name}`);
          if (fails === 'create') throw new Error(`${name} cannot be made`);
          return { ...hooks(name, fails), start: () => void events.push(`start ${name} on ${store.name()}`) };
        },
      }),
    ],
  };
}

const profile = (managerConfig = '{}', storeConfig = '{}'): string =>
  `
profile: toys
managers:
  one: { type: manager.toy, config: ${managerConfig} }
  two: { type: manager.toy, uses: { store: other } }
providers:
  main:  { type: store.toy, config: ${storeConfig} }
  other: { type: store.toy }
`.replace('one: { type: manager.toy,', 'one: { type: manager.toy, uses: { store: main },');

describe('a host', () => {
  const hosts: TestHost[] = [];
  afterEach(async () => {
    for (const host of hosts.splice(0)) await host.stop();
  });
  async function hostOf(options: TestHostOptions): Promise<TestHost> {
    const host = await startTestHost(options);
    hosts.push(host);
    return host;
  }

  it('makes every entry once, all before any starts, and ends them in reverse', async () => {
    const { events, definitions } = house();
    const host = await startTestHost({ profile: profile(), definitions });
    const made = events.filter((event) => event.startsWith('create'));
    expect(made.sort()).toEqual(['create main', 'create one', 'create other', 'create two']);
    expect(events.slice(0, 4).every((event) => event.startsWith('create'))).toBe(true);
    expect(events).toEqual(expect.arrayContaining(['start one on main', 'start two on other']));
    expect(events.indexOf('start main')).toBeLessThan(events.indexOf('start one on main'));
    events.length = 0;
    await host.stop();
    expect(events.indexOf('drain one')).toBeLessThan(events.indexOf('drain main'));
    expect(events.indexOf('drain main')).toBeLessThan(events.indexOf('stop one'));
    expect(events.indexOf('stop one')).toBeLessThan(events.indexOf('stop main'));
  });

  it('reports everything that cannot be made, and starts nothing then', async () => {
    const { events, definitions } = house();
    const start = startTestHost({
      profile: profile('{}', '{ fails: create }').replace(
        'other: { type: store.toy }',
        'other: { type: store.toy, config: { fails: create } }',
      ),
      definitions,
    });
    const error = await start.then(
      () => undefined,
      (reason: unknown) => reason,
    );
    expect(error).toBeInstanceOf(StartUpError);
    expect((error as StartUpError).message).toContain('main (store.toy): main cannot be made');
    expect((error as StartUpError).message).toContain('other (store.toy): other cannot be made');
    expect(events.filter((event) => event.startsWith('start'))).toEqual([]);
  });

  it('stops what had started when one entry does not, and says what was held up by it', async () => {
    const { events, definitions } = house();
    await expect(startTestHost({ profile: profile('{}', '{ fails: start }'), definitions })).rejects.toThrow(
      'toys could not start: 1 entry failed; everything is stopped again\n  main: main cannot start\n  one: not started, it needs main',
    );
    expect(events).toEqual(expect.arrayContaining(['stop two', 'stop other', 'stop main']));
    expect(events).not.toContain('start one on main');
  });

  it('refuses two vendors that take credentials of the same scheme, naming both', async () => {
    const guard = (type: string, scheme: string) =>
      defineVendor({
        type,
        version: '1.0.0',
        create: () => ({
          authenticators: [{ scheme, makes: 'user', challenge: scheme, authenticate: () => undefined }],
        }),
      });
    await expect(
      startTestHost({
        profile: 'profile: doors\nvendors: { front: { type: vendor.a }, back: { type: vendor.b } }',
        definitions: [guard('vendor.a', 'bearer'), guard('vendor.b', 'Bearer')],
      }),
    ).rejects.toThrow('back (vendor.b): front and back both check credentials of the scheme Bearer; only one may');
  });

  it('refuses an operation for callers that no vendor can tell, naming it', async () => {
    const operation = defineOperation({
      id: 'toy.secret',
      summary: 'For operators',
      input: z.object({}),
      output: { kind: 'empty' },
      problems: [],
      access: atLeast('operator'),
      idempotency: 'safe',
      http: { method: 'GET', path: '/secret' },
    });
    const vendor = defineVendor({
      type: 'vendor.toy',
      version: '1.0.0',
      create: () => ({ operations: [serve(operation, () => empty)] }),
    });
    const binding = defineBinding({
      type: 'binding.toy',
      version: '1.0.0',
      create: () => ({ addresses: () => [] }),
    });
    await expect(
      startTestHost({
        profile: 'profile: doors\nvendors: { toy: { type: vendor.toy } }\nbindings: { door: { type: binding.toy } }',
        definitions: [vendor, binding],
      }),
    ).rejects.toThrow(
      'toy offers toy.secret to role operator, but no vendor of this profile checks credentials of a user',
    );
  });

  it('tells the health of every entry', async () => {
    const { definitions } = house();
    const host = await hostOf({ profile: profile('{ fails: health }'), definitions });
    const one = host.status.entries().find(({ name }) => name === 'one');
    expect(one).toEqual({ name: 'one', type: 'manager.toy', health: { status: 'degraded', reason: 'a peer is away' } });
    expect(host.status.phase()).toBe('ready');
  });

  it('never logs what a schema marks secret, wherever it turns up', async () => {
    const { definitions } = house();
    const host = await hostOf({ profile: profile('{}', '{ password: hunter2hunter2 }'), definitions });
    expect(host.log()).toContain('opened with [secret]');
    expect(host.log()).not.toContain('hunter2');
  });
});

it('says which data directory cannot be made', async () => {
  const { definitions } = house();
  const start = startTestHost({ profile: profile(), definitions, dataDir: '/dev/null/data' });
  await expect(start).rejects.toThrow(/the data directory \/dev\/null\/data cannot be made: ENOTDIR/);
  await expect(start).rejects.toBeInstanceOf(StartUpError);
});
