import { expect, it } from 'vitest';
import { put, remove } from '../../core/ports/index.js';
import { MemoryState } from '../../providers/state/memory/index.js';
import { failover } from '../../test/state/failover.js';
import { instances, type StoredInstance } from './record.js';
import { watchInstances } from './watch.js';

const instance = (id: string, state: StoredInstance['state']): StoredInstance =>
  ({ id, clientId: 'c', packageId: 'p', namespace: 'n', name: id, state, labels: {}, values: {} }) as StoredInstance;

it('tells what differs from what it has told when the store has lost its history', async () => {
  const [before, after] = [new MemoryState(), new MemoryState()];
  for (const store of [before, after]) {
    await store.commit([put(instances, 'kept', instance('kept', 'PENDING'))]);
    await store.commit([put(instances, 'older', instance('older', 'PENDING'))]);
  }
  await before.commit([put(instances, 'older', instance('older', 'INSTALLED'))]);
  await before.commit([put(instances, 'undone', instance('undone', 'PENDING'))]);
  const store = failover(before);
  const over = new AbortController();
  const told = watchInstances(store.state, {}, over.signal)[Symbol.asyncIterator]();
  const next = async (): Promise<string> => {
    const { value } = await told.next();
    return `${value.id} ${value.state}`;
  };
  expect([await next(), await next(), await next()]).toEqual(['kept PENDING', 'older INSTALLED', 'undone PENDING']);
  const waiting = next();
  store.to(after);
  expect([await waiting, await next()]).toEqual(['older PENDING', 'undone REMOVED']);
  const more = next();
  await after.commit([remove(instances, 'kept')]);
  expect(await more).toBe('kept REMOVED');
  over.abort();
  expect((await told.next()).done).toBe(true);
});
