import { expect, it } from 'vitest';
import { collection, put, remove, type StateEvent } from '../../core/ports/index.js';
import redis from '../../providers/state/redis/index.js';
import type { RedisState } from '../../providers/state/redis/state.js';
import { describeWith } from '../parts/index.js';
import { configOf, ended, guarded, leaveBehind, replicated, startedOn } from './started.js';

interface Doc {
  readonly n: number;
}
const docs = collection<Doc>('plant:docs', { parity: ({ n }) => [n % 2 === 0 ? 'even' : 'odd'] });

/** For Redis that is away on purpose: seconds. */
const timeout = 1;

async function stateOn(config: Readonly<Record<string, unknown>>): Promise<RedisState> {
  return (await startedOn<RedisState>(redis, { timeout, ...config })).instance;
}

/** What a watch tells, and how it ended. */
function watched(state: RedisState) {
  const over = new AbortController();
  ended({ stop: async () => over.abort() });
  const told: StateEvent<Doc>[] = [];
  const changes = state.watch(docs, over.signal);
  const end = (async () => {
    for await (const change of changes) told.push(change);
    return 'ended';
  })().catch((error: { readonly reason?: string }) => error.reason ?? error);
  return { told, end };
}

describeWith(['redis', 'sentinel'], 'state.redis and its faults', (start) => {
  it('has what it acknowledged when Redis is killed and comes back, and goes on by itself', {
    timeout: 60_000,
  }, async () => {
    const part = ended(await start.redis());
    const state = await stateOn(configOf(part));
    const { told } = watched(state);
    const acknowledged = new Set<number>();
    let n = 0;
    const writer = (async () => {
      for (; n < 10_000; n++) {
        const mine = n;
        await state.commit([put(docs, `k${mine}`, { n: mine }, 'absent')]);
        acknowledged.add(mine);
      }
    })();
    const refused = expect(writer).rejects.toMatchObject({ name: 'StateFault', reason: 'storage' });
    await expect.poll(() => acknowledged.size).toBeGreaterThan(50);
    await part.kill();
    await refused;
    await expect(state.get(docs, 'k0')).rejects.toMatchObject({ reason: 'storage' });
    expect(state.health()).toMatchObject({ status: 'failed' });

    await part.restart();
    await expect.poll(() => state.get(docs, 'k0').catch(() => 'away')).toMatchObject({ value: { n: 0 } });
    for (const mine of acknowledged) expect(await state.get(docs, `k${mine}`)).toMatchObject({ value: { n: mine } });
    const last = await state.commit([put(docs, 'last', { n: 1 })]);
    await expect.poll(() => told.at(-1)?.revision, { timeout: 20_000 }).toBe(last);
    expect(new Set(told.map(({ key }) => key)).size).toBe(told.length);
    for (const mine of acknowledged) expect(told.some(({ key }) => key === `k${mine}`)).toBe(true);
    await expect.poll(() => state.health()).toEqual({ status: 'ok' });
  });

  it('has a host know of all that another has acknowledged, once it asks for it', { timeout: 60_000 }, async () => {
    const part = ended(await start.redis());
    const config = configOf(part);
    const [one, two] = [await stateOn(config), await stateOn(config)];
    const { told } = watched(two);
    // Nothing waits in between: without being asked the other host hears of it a little later.
    for (let n = 0; n < 200; n++) {
      await one.commit([put(docs, 'a', { n })]);
      await two.caughtUp();
      expect(told.at(-1)).toMatchObject({ value: { n } });
    }
    part.pause();
    await expect(two.caughtUp()).rejects.toMatchObject({ reason: 'storage' });
    part.resume();
    await expect.poll(() => two.caughtUp().catch(() => 'away')).toBeUndefined();
  });

  it('answers nobody from a change that a failover has undone, however late the host hears of it', {
    timeout: 60_000,
  }, async () => {
    const part = ended(await start.redis());
    const config = { ...configOf(part), timeout: 30 };
    const state = await stateOn(config);
    const first = await state.commit([put(docs, 'a', { n: 1 })]);
    const { told, end } = watched(state);
    const undone = await state.commit([put(docs, 'a', { n: 2 })]);
    await expect.poll(() => told.at(-1)?.revision).toBe(undone);
    // As it is at a replica that has not got it, to which the line of the log is still to come.
    await part.cli('set', `{${config.prefix}}:revision`, String(first));
    await part.cli('xdel', `{${config.prefix}}:log`, `${undone}-0`);
    const order: string[] = [];
    const known = end.then((how) => order.push(String(how)));
    const caughtUp = state.caughtUp().then(() => order.push('caught up'));
    await expect.poll(() => part.cli('client', 'list')).toContain('cmd=get');
    const log = (await part.cli('client', 'list'))
      .split('\n')
      .find((line) => line.includes(`${config.prefix}-state-log`));
    await part.cli('client', 'kill', 'id', /id=(\d+)/.exec(log ?? '')?.[1] ?? '');
    await Promise.all([known, caughtUp]);
    expect(order).toEqual(['history', 'caught up']);
  });

  it('answers nobody from a change that too few replicas have', { timeout: 60_000 }, async () => {
    const { master, replica } = await replicated(start.redis);
    const config = { ...configOf(master), replicas: 1 };
    const [one, two] = [await stateOn(config), await stateOn(config)];
    await expect.poll(() => one.commit([put(docs, 'a', { n: 1 })]).catch(() => 0)).toBeGreaterThan(0);
    await two.caughtUp();
    replica.pause();
    await expect(one.commit([put(docs, 'a', { n: 2 })])).rejects.toThrow('did not confirm');
    await expect(two.caughtUp()).rejects.toThrow('did not confirm');
    replica.resume();
    await expect.poll(() => two.caughtUp().catch(() => 'not yet')).toBeUndefined();
    expect((await two.get(docs, 'a'))?.value).toEqual({ n: 2 });
  });

  it('gives a Redis that hangs up, and uses it again when it goes on', { timeout: 60_000 }, async () => {
    const part = ended(await start.redis());
    const state = await stateOn(configOf(part));
    await state.commit([put(docs, 'a', { n: 1 })]);
    part.pause();
    await expect(state.commit([put(docs, 'a', { n: 2 })])).rejects.toMatchObject({
      reason: 'storage',
      message: expect.stringContaining('may have happened'),
    });
    part.resume();
    await expect.poll(() => state.commit([put(docs, 'b', { n: 3 })]).catch(() => 0)).toBeGreaterThan(0);
    expect((await state.get(docs, 'b'))?.value).toEqual({ n: 3 });
  });

  it('says that the memory is full with nothing changed, and takes deletions still', { timeout: 60_000 }, async () => {
    const part = ended(await start.redis());
    const state = await stateOn(configOf(part));
    await state.commit([put(docs, 'a', { n: 1 }), put(docs, 'b', { n: 2 })]);
    await part.cli('config', 'set', 'maxmemory', '1mb');
    const full = state.commit([remove(docs, 'nothing'), put(docs, 'a', { n: 3 }), put(docs, 'c', { n: 4 })]);
    await expect(full).rejects.toMatchObject({ reason: 'full', message: expect.stringContaining('maxmemory') });
    expect(state.health()).toMatchObject({ status: 'failed', reason: expect.stringContaining('maxmemory') });
    expect((await state.list(docs)).items.map(({ key, value }) => `${key} ${value.n}`)).toEqual(['a 1', 'b 2']);
    await state.commit([remove(docs, 'a')]);
    expect(await state.count(docs, { index: { name: 'parity', equals: 'odd' } })).toBe(0);
    await part.cli('config', 'set', 'maxmemory', '0');
    await state.commit([put(docs, 'c', { n: 4 })]);
    expect(state.health()).toEqual({ status: 'ok' });
  });

  it('refuses a Redis that would throw away what it was told to keep', { timeout: 30_000 }, async () => {
    const part = ended(await start.redis({ settings: ['maxmemory 50mb', 'maxmemory-policy allkeys-lru'] }));
    await expect(stateOn(configOf(part))).rejects.toMatchObject({
      message: expect.stringContaining('set it to noeviction'),
    });
  });

  it('tells what a crash can cost', { timeout: 30_000 }, async () => {
    const part = ended(await start.redis({ settings: ['appendfsync everysec'] }));
    const state = await stateOn(configOf(part));
    expect(state.durable).toBe(false);
    expect(state.health()).toMatchObject({
      status: 'degraded',
      reason: expect.stringContaining('appendfsync everysec'),
    });
  });

  it('does not wait for a Redis that lets it not in', { timeout: 30_000 }, async () => {
    const part = ended(await start.redis());
    const wrong = stateOn({ url: part.url, password: 'wrong', prefix: 'p' });
    await expect(wrong).rejects.toMatchObject({ message: expect.stringContaining('WRONGPASS') });
    const none = stateOn({ url: part.url, prefix: 'p' });
    await expect(none).rejects.toMatchObject({ message: expect.stringContaining('NOAUTH') });
  });

  it('tells watchers to list again when what came between is no longer kept', { timeout: 30_000 }, async () => {
    const part = ended(await start.redis());
    await part.cli('acl', 'setuser', 'one', 'on', '>pw', '~*', '+@all');
    const config = configOf(part);
    const one = await stateOn({ url: part.url, username: 'one', password: 'pw', prefix: config.prefix });
    const other = await stateOn(config);
    const { end, told } = watched(one);
    const first = await other.commit([put(docs, 'a', { n: 1 })]);
    await expect.poll(() => told.at(-1)?.revision).toBe(first);
    // Kept out, while the log goes on without it.
    await part.cli('acl', 'setuser', 'one', 'off');
    await part.cli('client', 'kill', 'user', 'one');
    await other.commit([put(docs, 'b', { n: 2 })]);
    await other.commit([put(docs, 'c', { n: 3 })]);
    await part.cli('xtrim', `{${config.prefix}}:log`, 'MAXLEN', '1');
    await part.cli('acl', 'setuser', 'one', 'on');
    expect(await end).toBe('history');
    const { told: again } = watched(one);
    await other.commit([put(docs, 'd', { n: 4 })]);
    await expect.poll(() => again.map(({ key }) => key)).toEqual(['d']);
  });

  it('survives a failover that loses its newest commits: they are undone for all, and their revisions not used again', {
    timeout: 90_000,
  }, async () => {
    const { master, replica, config } = await guarded(start);
    const state = await stateOn(config);
    const { told, end } = watched(state);
    await state.commit([put(docs, 'kept', { n: 1 })]);
    await expect.poll(() => replica.cli('get', `{${config.prefix}}:revision`)).not.toBe('');

    await leaveBehind(replica);
    const lost = await state.commit([put(docs, 'kept', { n: 2 }), put(docs, 'lost', { n: 2 })]);
    await expect.poll(() => told.at(-1)?.revision).toBe(lost);
    await master.kill();

    expect(await end).toBe('history');
    expect((await state.list(docs)).items.map(({ key, value }) => `${key} ${value.n}`)).toEqual(['kept 1']);
    const next = state.commit([put(docs, 'kept', { n: 3 }, lost)]);
    await expect(next).rejects.toMatchObject({ name: 'StateConflict' });
    expect(await state.commit([put(docs, 'kept', { n: 3 })])).toBeGreaterThan(lost);
  });

  it('does not acknowledge what no replica has, where it waits for one', { timeout: 60_000 }, async () => {
    const { master, replica } = await replicated(start.redis, ['appendfsync everysec']);
    const state = await stateOn({ ...configOf(master), replicas: 1 });
    expect([state.durable, state.health()]).toEqual([true, { status: 'ok' }]);
    await Promise.all(Array.from({ length: 50 }, (_, n) => state.commit([put(docs, `k${n}`, { n })])));
    replica.pause();
    await expect(state.commit([put(docs, 'a', { n: 1 })])).rejects.toMatchObject({
      reason: 'storage',
      message: expect.stringContaining('a replica did not confirm within 1 s; the change may have happened'),
    });
    replica.resume();
    await expect.poll(() => state.commit([put(docs, 'a', { n: 2 })]).catch(() => 0)).toBeGreaterThan(0);
  });
});
