import { expect, test } from 'vitest';
import { GroupCommit } from './group-commit.js';

/** Notes the size of every batch and counts on. */
function counting(sizes: number[]): GroupCommit {
  let revision = 0;
  return new GroupCommit((batch) => {
    sizes.push(batch.length);
    return batch.map(() => ({ revision: ++revision, done: [] }));
  });
}

test('the commits of one turn share a batch, in their order', async () => {
  const sizes: number[] = [];
  const commits = counting(sizes);
  expect(await Promise.all([commits.commit([]), commits.commit([]), commits.commit([])])).toEqual([1, 2, 3]);
  expect(await commits.commit([])).toBe(4);
  expect(sizes).toEqual([3, 1]);
});

test('a batch has a limit, and the rest follows', async () => {
  const sizes: number[] = [];
  const commits = counting(sizes);
  const revisions = await Promise.all(Array.from({ length: 600 }, () => commits.commit([])));
  expect(revisions).toEqual(Array.from({ length: 600 }, (_, at) => at + 1));
  expect(sizes).toEqual([256, 256, 88]);
});

test('flush runs what waits at once', async () => {
  const sizes: number[] = [];
  const commits = counting(sizes);
  const waiting = Array.from({ length: 300 }, () => commits.commit([]));
  commits.flush();
  expect(sizes).toEqual([256, 44]);
  await Promise.all(waiting);
});

test('what breaks a batch reaches each of its callers, and later ones go on', async () => {
  let broken = true;
  const commits = new GroupCommit((batch) => {
    if (broken) throw new Error('no database');
    return batch.map(() => ({ revision: 1, done: [] }));
  });
  const outcomes = await Promise.allSettled([commits.commit([]), commits.commit([])]);
  expect(outcomes.map(({ status }) => status)).toEqual(['rejected', 'rejected']);
  broken = false;
  expect(await commits.commit([])).toBe(1);
});
