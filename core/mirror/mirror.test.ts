import { once } from 'node:events';
import fc from 'fast-check';
import { afterEach, describe, expect, it } from 'vitest';
import { MemoryState } from '../../providers/state/memory/index.js';
import { failover } from '../../test/state/failover.js';
import { collection, type Page, put, remove, StateFault, type StateProvider } from '../ports/index.js';
import { manualClock } from '../testing/clock.js';
import { allOf, Mirror, type MirrorParts } from './index.js';

const values = collection<{ readonly n: number }>('test-values');
const clock = manualClock();
const mirrors: { stop(): Promise<void> }[] = [];
afterEach(async () => {
  for (const mirror of mirrors.splice(0)) await mirror.stop();
});

function mirrorOf(state: StateProvider, more: Pick<MirrorParts<{ n: number }, number>, 'changed'> = {}) {
  const mirror = new Mirror({ state, collection: values, clock, project: ({ value }) => value.n, ...more });
  mirrors.push(mirror);
  return mirror;
}
const held = (mirror: Mirror<{ n: number }, number>) => Object.fromEntries(mirror.values());

describe('Mirror', () => {
  it('holds what is there, and what others change', async () => {
    const state = new MemoryState();
    await state.commit([put(values, 'a', { n: 1 }), put(values, 'b', { n: 2 })]);
    const mirror = mirrorOf(state);
    await mirror.start();
    expect(held(mirror)).toEqual({ a: 1, b: 2 });
    await state.commit([put(values, 'a', { n: 3 }), remove(values, 'b')]);
    await expect.poll(() => held(mirror)).toEqual({ a: 3 });
    expect(mirror.size).toBe(1);
  });

  it('misses nothing that changes while it loads', async () => {
    const state = new MemoryState();
    await state.commit([put(values, 'a', { n: 1 }), put(values, 'b', { n: 1 })]);
    const { list } = state;
    state.list = async (from, query) => {
      const page = (await list.call(state, from as never, query)) as Page<never>;
      await state.commit([put(values, 'a', { n: 2 }), remove(values, 'b'), put(values, 'c', { n: 2 })]);
      return page;
    };
    const mirror = mirrorOf(state);
    await mirror.start();
    await expect.poll(() => held(mirror)).toEqual({ a: 2, c: 2 });
  });

  it('reads its own writes at once, and older news bring nothing back', async () => {
    const state = new MemoryState();
    const mirror = mirrorOf(state);
    await mirror.start();
    const first = await state.commit([put(values, 'a', { n: 1 })]);
    const second = await state.commit([remove(values, 'a')]);
    mirror.delete('a', second);
    mirror.put({ key: 'a', revision: first, value: { n: 1 } });
    expect(held(mirror)).toEqual({});
    const third = await state.commit([put(values, 'a', { n: 3 })]);
    mirror.put({ key: 'a', revision: third, value: { n: 3 } });
    mirror.delete('a', second);
    expect([held(mirror), mirror.revision('a')]).toEqual([{ a: 3 }, third]);
    await state.commit([put(values, 'z', { n: 0 })]);
    await expect.poll(() => mirror.get('z')).toBe(0);
    expect(mirror.get('a')).toBe(3);
  });

  it('does not bring back what others have deleted when a commit ends late', async () => {
    const state = new MemoryState();
    const mirror = mirrorOf(state);
    await mirror.start();
    const revision = await state.commit([put(values, 'a', { n: 1 })]);
    await state.commit([remove(values, 'a')]);
    await state.commit([put(values, 'z', { n: 0 })]);
    await expect.poll(() => mirror.get('z')).toBe(0);
    mirror.put({ key: 'a', revision, value: { n: 1 } });
    expect(held(mirror)).toEqual({ z: 0 });
  });

  it('reads its own commit wholly while the watch has told of a part of it', async () => {
    const state = new MemoryState();
    const rest = new AbortController();
    const { watch } = state;
    state.watch = async function* (...of) {
      for await (const change of watch.apply(state, of as never)) {
        if (change.key === 'b') await once(rest.signal, 'abort');
        yield change as never;
      }
    };
    const mirror = mirrorOf(state);
    await mirror.start();
    const revision = await state.commit([put(values, 'a', { n: 1 }), put(values, 'b', { n: 1 })]);
    await expect.poll(() => mirror.get('a')).toBe(1);
    mirror.put({ key: 'b', revision, value: { n: 1 } });
    const mirrored = held(mirror);
    rest.abort();
    expect(mirrored).toEqual({ a: 1, b: 1 });
  });

  it('reads its own writes also when a store that lost its history counts from less', async () => {
    const before = new MemoryState();
    const store = failover(before);
    const mirror = mirrorOf(store.state);
    await mirror.start();
    for (let n = 0; n < 9; n++) await before.commit([put(values, 'undone', { n })]);
    await expect.poll(() => mirror.get('undone')).toBe(8);
    const after = new MemoryState();
    store.to(after);
    await expect.poll(() => held(mirror)).toEqual({});
    const revision = await after.commit([put(values, 'a', { n: 1 })]);
    mirror.put({ key: 'a', revision, value: { n: 1 } });
    expect(mirror.get('a')).toBe(1);
  });

  it('ends as the store does, whatever is written by whom', async () => {
    const write = fc.record({ key: fc.constantFrom('a', 'b', 'c'), drop: fc.boolean(), own: fc.boolean() });
    await fc.assert(
      fc.asyncProperty(fc.array(write, { maxLength: 30 }), async (writes) => {
        const state = new MemoryState();
        const mirror = mirrorOf(state);
        await mirror.start();
        for (const [n, { key, drop, own }] of writes.entries()) {
          const revision = await state.commit([drop ? remove(values, key) : put(values, key, { n })]);
          if (own && drop) mirror.delete(key, revision);
          else if (own) mirror.put({ key, revision, value: { n } });
          if (own) expect(mirror.get(key)).toBe(drop ? undefined : n);
        }
        await state.commit([put(values, 'end', { n: -1 })]);
        await expect.poll(() => mirror.get('end'), { interval: 1 }).toBe(-1);
        const stored: Record<string, number> = {};
        for await (const { key, value } of allOf(state, values)) stored[key] = value.n;
        expect(held(mirror)).toEqual(stored);
      }),
    );
  });

  it('tells of each change once, with what was there before', async () => {
    const state = new MemoryState();
    await state.commit([put(values, 'a', { n: 1 })]);
    const told: unknown[] = [];
    const mirror = mirrorOf(state, { changed: (...change) => told.push(change) });
    await mirror.start();
    const revision = await state.commit([put(values, 'a', { n: 2 })]);
    mirror.put({ key: 'a', revision, value: { n: 2 } });
    const removed = await state.commit([remove(values, 'a')]);
    mirror.delete('a', removed);
    await state.commit([put(values, 'z', { n: 0 })]);
    await expect.poll(() => told).toHaveLength(4);
    expect(told).toEqual([
      ['a', 1, undefined],
      ['a', 2, 1],
      ['a', undefined, 2],
      ['z', 0, undefined],
    ]);
  });

  it('takes what is stored for the truth when the store has lost its history', async () => {
    const before = new MemoryState();
    await before.commit([put(values, 'kept', { n: 1 }), put(values, 'older', { n: 1 })]);
    const after = new MemoryState();
    await after.commit([put(values, 'kept', { n: 1 }), put(values, 'older', { n: 1 })]);
    await before.commit([put(values, 'older', { n: 2 })]);
    await before.commit([put(values, 'undone', { n: 2 })]);
    const told: unknown[] = [];
    const store = failover(before);
    const mirror = mirrorOf(store.state, { changed: (...change) => told.push(change) });
    await mirror.start();
    told.length = 0;

    store.to(after);
    await expect.poll(() => held(mirror)).toEqual({ kept: 1, older: 1 });
    expect(told).toEqual([
      ['undone', undefined, 2],
      ['older', 1, 2],
    ]);
    await after.commit([put(values, 'new', { n: 3 })]);
    await expect.poll(() => mirror.get('new')).toBe(3);
    expect(mirror.health()).toEqual({ status: 'ok' });
  });

  it('keeps what it was told of itself while it reads anew', async () => {
    const after = new MemoryState();
    await after.commit([put(values, 'a', { n: 1 }), put(values, 'b', { n: 1 })]);
    const store = failover(new MemoryState());
    const mirror = mirrorOf(store.state);
    await mirror.start();
    store.whenListed(async () => {
      const revision = await after.commit([put(values, 'a', { n: 2 })]);
      mirror.put({ key: 'a', revision, value: { n: 2 } });
      mirror.delete('b', await after.commit([remove(values, 'b')]));
    });
    store.to(after);
    await expect.poll(() => held(mirror)).toEqual({ a: 2 });
  });

  it('goes on trying while the store that lost its history is away', async () => {
    const store = failover(new MemoryState());
    const mirror = mirrorOf(store.state);
    await mirror.start();
    const after = new MemoryState();
    await after.commit([put(values, 'a', { n: 1 })]);
    let away = 2;
    store.whenListed(async () => {
      if (away-- > 0) throw new StateFault('storage', 'it is away');
    });
    store.to(after);
    await expect
      .poll(() => mirror.health())
      .toMatchObject({ status: 'failed', reason: expect.stringContaining('away') });
    await clock.advance(60_000);
    await expect
      .poll(async () => {
        await clock.advance(60_000);
        return held(mirror);
      })
      .toEqual({ a: 1 });
    expect(mirror.health()).toEqual({ status: 'ok' });
  });

  it('fails its health when it can follow no longer', async () => {
    const state = new MemoryState();
    const mirror = mirrorOf(state);
    await mirror.start();
    expect(mirror.health()).toEqual({ status: 'ok' });
    state.stop();
    await expect.poll(() => mirror.health()).toMatchObject({ status: 'failed' });
  });
});

describe('allOf', () => {
  it('yields every value of more than one page', async () => {
    const state = new MemoryState();
    await state.commit(Array.from({ length: 2500 }, (_, n) => put(values, `k${n}`, { n })));
    const keys = new Set<string>();
    for await (const { key } of allOf(state, values)) keys.add(key);
    expect(keys.size).toBe(2500);
  });
});
