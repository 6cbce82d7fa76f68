import { describe, expect, it } from 'vitest';
import { defineBinding, defineManager, defineVendor, StateProvider, z } from '../plugin/index.js';
import { ref } from '../ports/port.js';
import type { ResolvedEntry, ResolvedProfile } from '../profile/index.js';
import { planReload, type ReloadPlan, ReloadRefused } from './plan-reload.js';

const nothing = (): never => {
  throw new Error('a plan makes nothing');
};
const Store = ref<object>('manager.store');
const store = defineManager({ type: 'manager.store', version: '1.0.0', provides: Store, create: nothing });
const state = { ...store, type: 'state.toy', provides: [StateProvider] };
const manager = defineManager({ type: 'manager.toy', version: '1.0.0', uses: { store: Store }, create: nothing });
const vendor = defineVendor({ type: 'vendor.toy', version: '1.0.0', config: z.any(), create: nothing });
const binding = defineBinding({ type: 'binding.toy', version: '1.0.0', create: nothing });

type Part = Partial<ResolvedEntry> & Pick<ResolvedEntry, 'name' | 'definition'>;
const entry = (part: Part): ResolvedEntry => ({
  slot: `${part.definition.kind}s`,
  config: {},
  written: undefined,
  wiring: {},
  ...part,
});

const host = { deadlines: { start: 1, drain: 2, stop: 3 }, log: { level: 'info', format: 'text' } } as const;
const profile = (entries: readonly Part[], more: Partial<ResolvedProfile> = {}): ResolvedProfile => ({
  name: 'toys',
  dataDir: '/data',
  host,
  entries: entries.map(entry),
  ...more,
});

/** Two chains, `main <- one <- front` and `other <- two`, with a door that serves `front` and one that serves both. */
const parts = {
  main: { name: 'main', definition: store },
  other: { name: 'other', definition: store },
  one: { name: 'one', definition: manager, wiring: { store: 'main' } },
  two: { name: 'two', definition: manager, wiring: { store: 'other' } },
  front: { name: 'front', definition: vendor, wiring: { manager: 'one' }, path: '/a' },
  back: { name: 'back', definition: vendor, path: '/b' },
  door: { name: 'door', definition: binding, serves: ['front'] },
  gate: { name: 'gate', definition: binding, serves: ['front', 'back'] },
} satisfies Record<string, Part>;
const house = (changes: Partial<Record<keyof typeof parts, Partial<ResolvedEntry> | undefined>> = {}) =>
  profile(
    Object.entries(parts).flatMap(([name, part]): Part[] => {
      if (!(name in changes)) return [part];
      const change = changes[name as keyof typeof parts];
      return change ? [{ ...part, ...change }] : [];
    }),
  );

const names = (plan: ReloadPlan) =>
  Object.fromEntries(
    (['kept', 'replaced', 'added', 'removed'] as const)
      .map((list) => [list, plan[list].map((planned) => planned.entry)] as const)
      .filter(([, list]) => list.length > 0),
  );
const reasons = (plan: ReloadPlan) =>
  Object.fromEntries(plan.replaced.map((planned) => [planned.entry, planned.because]));

describe('planReload', () => {
  it('keeps everything of a profile that is the same', () => {
    const plan = planReload(house(), house());
    expect(names(plan)).toEqual({ kept: Object.keys(parts) });
    expect(plan.settings).toEqual([]);
  });

  it('replaces what changed and all that depends on it, and says why', () => {
    const plan = planReload(house(), house({ main: { written: { file: 'b' } } }));
    expect(names(plan)).toEqual({ kept: ['other', 'two', 'back'], replaced: ['main', 'one', 'front', 'door', 'gate'] });
    expect(reasons(plan)).toEqual({
      main: 'its config changed',
      one: 'it uses main, which is replaced',
      front: 'it uses one, which is replaced',
      door: 'it serves front, which is replaced',
      gate: 'it serves front, which is replaced',
    });
  });

  it('leaves alone what another entry of the same type uses', () => {
    const plan = planReload(house(), house({ two: { written: { every: '5s' } } }));
    expect(names(plan)).toMatchObject({ replaced: ['two'] });
  });

  it('replaces a binding for a vendor that it does not serve, since its authenticators stand at every door', () => {
    const plan = planReload(house(), house({ back: { path: '/c' } }));
    expect(reasons(plan)).toEqual({
      back: 'its path changed',
      door: 'it takes credentials of back, which is replaced',
      gate: 'it serves back, which is replaced',
    });
  });

  it('names the keys of a config that changed, and never what stands there', () => {
    const from = house({ one: { written: { every: '5s', password: 'hunter2', same: { a: [1] } } } });
    const to = house({ one: { written: { every: '6s', password: 'hunter3', same: { a: [1] } } } });
    expect(reasons(planReload(from, to))['one']).toBe('its config changed: every, password');
  });

  it.each<[string, Partial<ResolvedEntry>, string]>([
    ['type', { definition: { ...manager, type: 'manager.new' } }, 'its type changed from manager.toy to manager.new'],
    [
      'version',
      { definition: { ...manager, version: '1.1.0' } },
      'the version of its code changed from 1.0.0 to 1.1.0',
    ],
    ['code', { definition: { ...manager } }, 'its code changed'],
    ['wiring', { wiring: { store: 'main' } }, 'it uses main as store, and used other'],
    ['an optional that goes', { wiring: { store: undefined } }, 'it uses nothing as store, and used other'],
    ['every', { wiring: { store: ['main', 'other'] } }, 'it uses main, other as store, and used other'],
    ['the host', { wiring: { store: { host: 'host.status' } } }, 'it uses the host as store, and used other'],
    [
      'isolation',
      {
        isolation: {
          kind: 'thread',
          memory: 256,
          deadline: 30_000,
          origin: { kind: 'announced', module: 'file:///x.js' },
        },
      },
      'its isolation changed',
    ],
  ])('replaces an entry whose %s changes', (_, change, because) => {
    expect(reasons(planReload(house(), house({ two: change })))).toEqual({ two: because });
  });

  it('replaces an entry that is under the same name, but in another slot', () => {
    const to = house({ two: { slot: 'vendors', definition: { ...vendor, type: 'vendor.two' }, wiring: {} } });
    expect(reasons(planReload(house(), to))['two']).toBe('its type changed from manager.toy to vendor.two');
  });

  it('has what a schema made of a config count for nothing: it need not be comparable', () => {
    const made = { one: { written: { url: 'a' }, config: { url: new URL('http://a'), parse: () => 1 } } };
    const again = { one: { written: { url: 'a' }, config: { url: new URL('http://a'), parse: () => 1 } } };
    expect(names(planReload(house(made), house(again)))).toEqual({ kept: Object.keys(parts) });
    const other = { one: { written: { url: 'b' }, config: { url: new URL('http://b'), parse: () => 1 } } };
    expect(reasons(planReload(house(made), house(other)))['one']).toBe('its config changed: url');
  });

  it('adds and removes entries, and replaces the bindings for their sake', () => {
    const added = planReload(house({ back: undefined, gate: { serves: ['front'] } }), house());
    expect(names(added)).toMatchObject({ added: ['back'], replaced: ['door', 'gate'] });
    expect(reasons(added)).toEqual({
      door: 'it takes credentials of back, which is new',
      gate: 'it serves back, which is new',
    });
    const removed = planReload(house(), house({ back: undefined, gate: { serves: ['front'] } }));
    expect(removed.removed).toEqual([{ entry: 'back', because: 'it is no longer in the profile' }]);
    expect(reasons(removed)).toEqual({
      door: 'it takes credentials of back, which is removed',
      gate: 'it serves back, which is removed',
    });
  });

  it('replaces a binding that serves other vendors than before', () => {
    expect(reasons(planReload(house(), house({ gate: { serves: ['back'] } })))).toEqual({
      gate: 'it takes credentials of front, and did not before; it serves front no longer',
    });
  });

  it('takes the order in which a binding names its vendors for nothing, and the order of the vendors for something', () => {
    expect(names(planReload(house(), house({ gate: { serves: ['back', 'front'] } })))).toEqual({
      kept: Object.keys(parts),
    });
    const to = house();
    const turned = {
      ...to,
      entries: to.entries.toSorted((a, b) => Number(b.name === 'back') - Number(a.name === 'back')),
    };
    expect(reasons(planReload(house(), turned))).toEqual({
      door: 'the order of the vendors changed',
      gate: 'the order of the vendors changed',
    });
  });

  it('replaces bindings when another state keeps the replies of calls', () => {
    const kept = { name: 'kept', definition: state };
    const door = { name: 'door', definition: binding, serves: [] };
    const keeping = (replies: string) => ({ host: { ...host, replies } });
    const first = profile([kept, door], keeping('kept'));
    expect(reasons(planReload(first, profile([{ ...kept, written: 1 }, door], keeping('kept'))))).toEqual({
      kept: 'its config changed',
      door: 'it keeps replies in kept, which is replaced',
    });
    const another = { name: 'another', definition: state };
    expect(reasons(planReload(first, profile([another, kept, door], keeping('another'))))).toEqual({
      door: 'it keeps replies in another, which is new; it keeps replies in kept no longer',
    });
  });

  it('tries entries again that do not run', () => {
    const plan = planReload(house(), house(), new Set(['one', 'front', 'door', 'gate']));
    expect(reasons(plan)).toMatchObject({
      one: 'it does not run',
      front: 'it does not run; it uses one, which is replaced',
    });
  });

  it('changes settings of the host without touching an entry', () => {
    const host = {
      deadlines: { start: 10, drain: 2, stop: 3 },
      log: { level: 'debug', format: 'text' } as const,
      rateLimit: { perSecond: 1, burst: 2 },
    };
    const plan = planReload(house(), { ...house(), host });
    expect(names(plan)).toEqual({ kept: Object.keys(parts) });
    expect(plan.settings).toEqual(['host.log', 'host.deadlines', 'host.rateLimit']);
  });

  it.each([
    [{ name: 'others' }, 'the profile changes its name from toys to others, which no running host can do'],
    [{ dataDir: '/b' }, 'the profile changes its data directory from /data to /b, which no running host can do'],
  ])('refuses %o, and says that the host must be restarted', (change, message) => {
    const plan = () => planReload(house(), { ...house({ main: { written: 1 } }), ...change });
    expect(plan).toThrow(ReloadRefused);
    expect(plan).toThrow(`${message}: restart the host`);
  });
});
