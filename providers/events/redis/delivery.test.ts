import { expect, test } from 'vitest';
import { askAgain, nextOf, patience } from './delivery.js';

const name = { type: 'happened', group: 'one' };
const bytes = (...texts: readonly string[]): Buffer[] => texts.map((text) => Buffer.from(text));

test('a delivery that begins has not been tried by this call yet', () => {
  const answer = ['entry', '5-0', 3, bytes('i', 'id', 'c', 'call', 'v', '{"a":1}')];
  expect(nextOf(name, answer)).toEqual({
    kind: 'delivery',
    delivery: {
      ...name,
      entry: '5-0',
      attempts: 2,
      lost: false,
      publication: { id: 'id', correlationId: 'call', payload: { a: 1 } },
    },
  });
});

test('a payload that is missing is undefined, and null is null', () => {
  const payloadOf = (...fields: readonly string[]): unknown => {
    const next = nextOf(name, ['entry', '5-0', 1, bytes('i', 'id', 'c', 'call', ...fields)]);
    return next.kind === 'delivery' && next.delivery.publication.payload;
  };
  expect([payloadOf(), payloadOf('v', 'null')]).toEqual([undefined, null]);
});

test('takes nothing from a silent host before that had as long as others to come back', () => {
  expect(patience(15_000, 14_999)).toBeGreaterThan(86_400_000);
  expect(patience(15_000, 15_000)).toBe(15_000);
});

test('asks again when the other host is due, and not before it may take anything', () => {
  expect(askAgain(15_000, 5_000, 60_000)).toBe(10_000);
  expect(askAgain(15_000, 5_000, 1_000)).toBe(14_000);
  expect(askAgain(15_000, 20_000, 60_000)).toBeGreaterThan(0);
});
