import { type Change, put, remove, StateConflict, type StateProvider } from '../../ports/index.js';
import type { KitCase } from '../kit.js';
import { docs, files, others, refused, type StateTrial } from './fixtures.js';

type Run = (trial: StateTrial) => Promise<void>;
const basic = (name: string, run: Run): KitCase<StateProvider> => ({ name, level: 'basic', run });
const idempotent = (name: string, run: Run): KitCase<StateProvider> => ({ name, level: 'idempotent', run });

/** Expects a commit to be refused with this conflict. */
async function conflicts(trial: StateTrial, changes: Change[], key: string, expected: unknown, found: unknown) {
  const error = await trial.rejects(
    `a commit that expects ${expected} where ${found} is`,
    trial.instance.commit(changes),
  );
  trial.holds('its error', error instanceof StateConflict, 'a StateConflict', error);
  const { collection, key: named, expected: wanted, found: seen } = error as StateConflict;
  trial.equal(
    'what the conflict says',
    { collection, named, wanted, seen },
    {
      collection: docs.name,
      named: key,
      wanted: expected,
      seen: found,
    },
  );
}

/** Get, put, delete and what a commit expects, for one caller. */
export const basicCases: readonly KitCase<StateProvider>[] = [
  basic('an absent key has no value', async (trial) => {
    trial.equal('get of an absent key', await trial.instance.get(docs, 'a'), undefined);
  }),

  basic('a value is read back with the revision of its commit', async (trial) => {
    const revision = await trial.instance.commit([put(docs, 'a', { n: 1 }), put(docs, 'b', { n: 2 })]);
    trial.equal('get', await trial.instance.get(docs, 'a'), { key: 'a', revision, value: { n: 1 } });
    trial.equal('get', await trial.instance.get(docs, 'b'), { key: 'b', revision, value: { n: 2 } });
  }),

  basic('a revision grows with every commit and is a positive safe integer', async (trial) => {
    const first = await trial.instance.commit([put(docs, 'a', { n: 1 })]);
    const second = await trial.instance.commit([put(docs, 'a', { n: 1 })]);
    const third = await trial.instance.commit([put(others, 'z', { n: 1 })]);
    trial.holds('revisions', Number.isSafeInteger(first) && first > 0, 'a positive safe integer', first);
    trial.holds('revisions', first < second && second < third, 'growing ones', [first, second, third]);
    trial.equal('the replaced value', (await trial.instance.get(docs, 'a'))?.revision, second);
  }),

  basic('a revision is not used again after a delete', async (trial) => {
    await trial.instance.commit([put(docs, 'a', { n: 1 })]);
    const deleted = await trial.instance.commit([remove(docs, 'a')]);
    const again = await trial.instance.commit([put(docs, 'a', { n: 1 })]);
    trial.holds('the revision after a delete', again > deleted, `more than ${deleted}`, again);
  }),

  basic('a delete removes the value, its index entries and its count', async (trial) => {
    await trial.instance.commit([put(docs, 'a', { n: 1, group: 'g' }), put(docs, 'b', { n: 2, group: 'g' })]);
    await trial.instance.commit([remove(docs, 'a')]);
    const index = { name: 'byGroup', equals: 'g' };
    trial.equal('get', await trial.instance.get(docs, 'a'), undefined);
    trial.equal('count', await trial.instance.count(docs), 1);
    trial.equal('count of the index', await trial.instance.count(docs, { index }), 1);
    const page = await trial.instance.list(docs, { index });
    trial.equal(
      'list by index',
      page.items.map(({ key }) => key),
      ['b'],
    );
  }),

  idempotent('deleting what is absent succeeds and changes nothing', async (trial) => {
    await trial.instance.commit([remove(docs, 'a')]);
    trial.equal('count', await trial.instance.count(docs), 0);
  }),

  basic('a commit of nothing is accepted', async (trial) => {
    const before = await trial.instance.commit([put(docs, 'a', { n: 1 })]);
    const revision = await trial.instance.commit([]);
    trial.holds('its revision', revision >= before, `at least ${before}`, revision);
  }),

  basic('an expectation that holds lets the change happen', async (trial) => {
    const first = await trial.instance.commit([put(docs, 'a', { n: 1 }, 'absent')]);
    const second = await trial.instance.commit([put(docs, 'a', { n: 2 }, first)]);
    await trial.instance.commit([remove(docs, 'a', second)]);
    await trial.instance.commit([remove(docs, 'a', 'absent')]);
    trial.equal('get', await trial.instance.get(docs, 'a'), undefined);
  }),

  basic('an expectation that does not hold is a conflict that names both sides', async (trial) => {
    const old = await trial.instance.commit([put(docs, 'a', { n: 1 })]);
    const now = await trial.instance.commit([put(docs, 'a', { n: 2 })]);
    await conflicts(trial, [put(docs, 'a', { n: 3 }, old)], 'a', old, now);
    await conflicts(trial, [put(docs, 'a', { n: 3 }, 'absent')], 'a', 'absent', now);
    await conflicts(trial, [put(docs, 'b', { n: 3 }, now)], 'b', now, 'absent');
    await conflicts(trial, [remove(docs, 'a', old)], 'a', old, now);
    trial.equal('the value', await trial.instance.get(docs, 'a'), { key: 'a', revision: now, value: { n: 2 } });
  }),

  basic('a commit with one conflict writes none of its changes', async (trial) => {
    const now = await trial.instance.commit([put(docs, 'b', { n: 1, group: 'old' })]);
    const changes = [
      put(docs, 'a', { n: 2, group: 'new' }),
      remove(docs, 'b'),
      put(files, 'f', new Uint8Array([1])),
      put(docs, 'c', { n: 3 }, now),
    ];
    await conflicts(trial, changes, 'c', now, 'absent');
    const page = await trial.instance.list(docs);
    trial.equal('all values', page.items, [{ key: 'b', revision: now, value: { n: 1, group: 'old' } }]);
    trial.equal('the other collection', await trial.instance.get(files, 'f'), undefined);
    const index = { name: 'byGroup', equals: 'new' };
    trial.equal('the index', await trial.instance.count(docs, { index }), 0);
  }),

  basic('an expectation is the whole revision: one that is alike in its lower bits is a conflict', async (trial) => {
    const now = await trial.instance.commit([put(docs, 'a', { n: 1 })]);
    for (const other of [2 ** 8, 2 ** 16, 2 ** 31, 2 ** 32, 2 ** 40].map((more) => now + more)) {
      await conflicts(trial, [put(docs, 'a', { n: 2 }, other)], 'a', other, now);
      await conflicts(trial, [remove(docs, 'a', other)], 'a', other, now);
    }
    // Nothing has it: it must not be taken for no expectation, nor for absence.
    await conflicts(trial, [put(docs, 'a', { n: 2 }, 0)], 'a', 0, now);
    await conflicts(trial, [put(docs, 'b', { n: 2 }, 0)], 'b', 0, 'absent');
    trial.equal('the value', await trial.instance.get(docs, 'a'), { key: 'a', revision: now, value: { n: 1 } });
  }),

  basic('a commit changes nothing of what it is given', async (trial) => {
    const changes = [put(docs, 'b', { n: 2, tags: ['y', 'x'] }), put(docs, 'a', { n: 1 }), remove(others, 'c')];
    const given = structuredClone(changes.map(({ in: _, ...change }) => change));
    await trial.instance.commit(changes);
    trial.equal(
      'the changes, after their commit',
      changes.map(({ in: _, ...change }) => change),
      given,
    );
  }),

  basic('a key that appears twice in a commit is refused with a TypeError', async (trial) => {
    const changes = [put(docs, 'a', { n: 1 }), remove(docs, 'a')];
    await refused(trial, 'a commit with a key twice', trial.instance.commit(changes), TypeError);
    await trial.instance.commit([put(docs, 'a', { n: 1 }), put(others, 'a', { n: 2 })]);
    trial.equal('count', await trial.instance.count(docs), 1);
  }),

  basic('collections know nothing of each other', async (trial) => {
    await trial.instance.commit([put(docs, 'a', { n: 1 }), put(others, 'b', { n: 2 })]);
    trial.equal('get', await trial.instance.get(others, 'a'), undefined);
    trial.equal(
      'list',
      (await trial.instance.list(others)).items.map(({ key }) => key),
      ['b'],
    );
    trial.equal('count', await trial.instance.count(docs), 1);
  }),
];
