import { collection, put, remove, type StateProvider } from '../../ports/index.js';
import type { KitCase } from '../kit.js';
import { KitSkip } from '../trial.js';
import { type Doc, docs, files, type StateTrial } from './fixtures.js';

type Run = (trial: StateTrial) => Promise<void>;
const durable = (name: string, run: Run): KitCase<StateProvider> => ({
  name,
  level: 'durable',
  async run(trial) {
    if (!trial.instance.durable) throw new KitSkip('the provider is not durable');
    await run(trial);
  },
});

/** The kit's documents as a later version of a program declares them. */
const laterDocs = collection<Doc>(docs.name, {
  byGroup: ({ group }) => (group === undefined ? [] : [`group ${group}`]),
  byParity: ({ n }) => [n % 2 === 0 ? 'even' : 'odd'],
});

/** What is still there after an orderly stop. */
export const durableCases: readonly KitCase<StateProvider>[] = [
  durable('values, bytes, indexes and revisions survive a restart', async (trial) => {
    await trial.instance.commit([put(docs, 'a', { n: 1, group: 'g' }), put(docs, 'b', { n: 2, group: 'g' })]);
    const revision = await trial.instance.commit([
      put(docs, 'a', { n: 3, group: 'g' }),
      remove(docs, 'b'),
      put(files, 'f', new Uint8Array([1, 2])),
    ]);
    await trial.close();
    await trial.reopen();
    const index = { name: 'byGroup', equals: 'g' };
    const a = { key: 'a', revision, value: { n: 3, group: 'g' } };
    trial.equal('get', await trial.instance.get(docs, 'a'), a);
    trial.equal('list by index', await trial.instance.list(docs, { index }), { items: [a] });
    trial.equal('bytes', [...((await trial.instance.get(files, 'f'))?.value ?? [])], [1, 2]);
    trial.equal('a deleted value', await trial.instance.get(docs, 'b'), undefined);
  }),

  durable('a delete survives a restart', async (trial) => {
    await trial.instance.commit([put(docs, 'a', { n: 1, group: 'g' }), put(docs, 'b', { n: 2, group: 'g' })]);
    await trial.instance.commit([remove(docs, 'a')]);
    await trial.close();
    await trial.reopen();
    const index = { name: 'byGroup', equals: 'g' };
    trial.equal('the deleted value', await trial.instance.get(docs, 'a'), undefined);
    trial.equal('count', await trial.instance.count(docs), 1);
    trial.equal('count by index', await trial.instance.count(docs, { index }), 1);
  }),

  durable('a revision is not used again after a delete and a restart', async (trial) => {
    await trial.instance.commit([put(docs, 'a', { n: 1 })]);
    const last = await trial.instance.commit([remove(docs, 'a')]);
    await trial.close();
    await trial.reopen();
    const next = await trial.instance.commit([put(docs, 'a', { n: 1 })]);
    trial.holds('the first revision after the restart', next > last, `more than ${last}`, next);
  }),

  durable('values written before an index was declared or changed are found by it', async (trial) => {
    const many = Array.from({ length: 20 }, (_, n) => put(docs, `k${n}`, { n, group: 'g' }));
    await trial.instance.commit(many);
    await trial.close();
    await trial.reopen();
    const count = (name: string, equals: string): Promise<number> =>
      trial.instance.count(laterDocs, { index: { name, equals } });
    trial.equal('count by the new index', await count('byParity', 'even'), 10);
    trial.equal('count by the changed index', await count('byGroup', 'group g'), 20);
    trial.equal('count by what the index said before', await count('byGroup', 'g'), 0);
  }),
];
