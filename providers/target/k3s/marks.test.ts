import { expect, it } from 'vitest';
import { type Mark, marksOf, readMark, releaseKey } from './marks.js';

const mark: Mark = {
  owner: 'tutti',
  application: { id: '../__proto__ \n', name: 'Línea 7' },
  component: 'web',
  applied: 'f00',
};

it('comes back as it was, whatever the texts are', () => {
  expect(readMark(marksOf(mark))).toEqual(mark);
});

it('has labels that Kubernetes takes', () => {
  for (const value of Object.values(marksOf(mark).labels)) {
    expect(value).toMatch(/^[A-Za-z0-9]([A-Za-z0-9._-]{0,61}[A-Za-z0-9])?$/);
  }
});

it('is of one component of one application of one owner', () => {
  const keys = [
    ['tutti', 'a', 'b'],
    ['tutti', 'a\0b', ''],
    ['tutti', 'ab', ''],
    ['other', 'a', 'b'],
  ] as const;
  expect(new Set(keys.map(([owner, id, component]) => releaseKey(owner, id, component))).size).toBe(keys.length);
});

it('is not read from a copy of another component that somebody edited', () => {
  const { labels, annotations } = marksOf(mark);
  expect(readMark({ labels, annotations: { ...annotations, 'tutti.dev/component': 'db' } })).toBeUndefined();
  expect(readMark({ labels })).toBeUndefined();
  expect(readMark({})).toBeUndefined();
});
