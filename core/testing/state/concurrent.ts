import { put, remove, StateConflict, type StateProvider } from '../../ports/index.js';
import type { KitCase } from '../kit.js';
import { docs, others, type StateTrial } from './fixtures.js';

type Run = (trial: StateTrial) => Promise<void>;
const concurrent = (name: string, run: Run): KitCase<StateProvider> => ({ name, level: 'concurrent', run });

const each = <T>(count: number, work: (n: number) => Promise<T>): Promise<T[]> =>
  Promise.all(Array.from({ length: count }, (_, n) => work(n)));

/** Adds one with compare-and-swap, again until it wins. */
async function increment({ instance }: StateTrial, key: string): Promise<void> {
  for (;;) {
    const present = await instance.get(docs, key);
    try {
      await instance.commit([put(docs, key, { n: (present?.value.n ?? 0) + 1 }, present?.revision ?? 'absent')]);
      return;
    } catch (error) {
      if (!(error instanceof StateConflict)) throw error;
    }
  }
}

/** Many callers at once. */
export const concurrentCases: readonly KitCase<StateProvider>[] = [
  concurrent('no increment by compare-and-swap is lost', async (trial) => {
    await trial.within(
      '40 increments',
      each(40, () => increment(trial, 'counter')),
    );
    trial.equal('the counter', (await trial.instance.get(docs, 'counter'))?.value, { n: 40 });
  }),

  concurrent('of many that expect absence exactly one wins', async (trial) => {
    const outcomes = await Promise.allSettled(
      Array.from({ length: 50 }, (_, n) => trial.instance.commit([put(docs, 'claim', { n }, 'absent')])),
    );
    trial.equal('how many won', outcomes.filter(({ status }) => status === 'fulfilled').length, 1);
    const winner = outcomes.findIndex(({ status }) => status === 'fulfilled');
    trial.equal('who won', (await trial.instance.get(docs, 'claim'))?.value, { n: winner });
    for (const outcome of outcomes) {
      const lost = outcome.status === 'rejected';
      trial.holds('a loser', !lost || outcome.reason instanceof StateConflict, 'a StateConflict', outcome);
    }
  }),

  concurrent('a conflict leaves the commits beside it alone', async (trial) => {
    const outcomes = await Promise.allSettled(
      Array.from({ length: 60 }, (_, n) =>
        trial.instance.commit([put(docs, `k${n}`, { n }, n % 3 === 0 ? 999_999 : undefined)]),
      ),
    );
    const failed = outcomes.flatMap(({ status }, n) => (status === 'rejected' ? [n] : []));
    trial.equal(
      'which failed',
      failed,
      Array.from({ length: 20 }, (_, n) => n * 3),
    );
    trial.equal('how many were written', await trial.instance.count(docs), 40);
  }),

  concurrent('every commit has a revision of its own', async (trial) => {
    const revisions = await each(100, (n) => trial.instance.commit([put(docs, `k${n}`, { n })]));
    trial.equal('how many revisions', new Set(revisions).size, 100);
    for (const [n, revision] of revisions.entries()) {
      trial.equal('the stored revision', (await trial.instance.get(docs, `k${n}`))?.revision, revision);
    }
  }),

  concurrent('commits of one caller happen in the order of its calls', async (trial) => {
    const revisions = await each(100, (n) => trial.instance.commit([put(docs, 'same', { n })]));
    trial.equal(
      'the order',
      revisions,
      [...revisions].sort((a, b) => a - b),
    );
    trial.equal('the last', (await trial.instance.get(docs, 'same'))?.value, { n: 99 });
  }),

  concurrent('readers see all of a commit or nothing', async (trial) => {
    const writing = each(60, (n) => trial.instance.commit([put(docs, 'left', { n }), put(docs, 'right', { n })]));
    let written = false;
    const done = writing.finally(() => {
      written = true;
    });
    while (!written) {
      const { items } = await trial.instance.list(docs);
      const seen = items.map(({ revision, value }) => [revision, value.n]);
      trial.holds('two keys of one commit', items.length !== 1, 'both or none', items);
      trial.equal('two keys of one commit', seen[0], seen[1]);
      await new Promise((resolve) => setImmediate(resolve));
    }
    await done;
  }),

  concurrent('paging while others write shows what was there throughout exactly once', async (trial) => {
    const stay = Array.from({ length: 100 }, (_, n) => `k${String(n).padStart(3, '0')}`);
    await trial.instance.commit(stay.map((key, n) => put(docs, key, { n, group: 'g' })));
    const seen: string[] = [];
    let after: string | undefined;
    let round = 0;
    do {
      const index = { name: 'byGroup', equals: 'g' };
      const page = await trial.instance.list(docs, { index, limit: 7, ...(after !== undefined && { after }) });
      seen.push(...page.items.map(({ key }) => key));
      after = page.next;
      const stayed = stay[round] ?? '';
      await trial.instance.commit([
        put(docs, `a${round}`, { n: round, group: 'g' }),
        put(docs, `${after ?? 'z'}+`, { n: round, group: 'g' }),
        ...(round > 0 ? [remove(docs, `a${round - 1}`)] : []),
        put(docs, stayed, { n: -round, group: 'g' }),
        put(others, stayed, { n: round }),
      ]);
      round++;
    } while (after !== undefined);
    trial.equal(
      'the keys that stayed',
      seen.filter((key) => stay.includes(key)),
      stay,
    );
    trial.equal('how often each key was seen', seen.length, new Set(seen).size);
  }),
];
