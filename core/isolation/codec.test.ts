import { expect, it } from 'vitest';
import { decode, encode, type Passed, type Passing } from './codec.js';

const passing: Passing = { function: () => 1, stream: () => 2, signal: () => 3, reason: () => undefined };
const passed: Passed = {
  function: (id) => async () => id,
  stream: async function* (id) {
    yield id;
  },
  signal: () => new AbortController().signal,
  reason: () => undefined,
  faults: [],
};

/** As it is on the other side. */
function crossed(value: unknown): unknown {
  return decode(structuredClone(encode(value, passing)), passed);
}

class Point {
  constructor(readonly x: number) {}
  get twice(): number {
    return 2 * this.x;
  }
}

it('data is as it was, whatever its keys are called', () => {
  const data = {
    text: 'a',
    none: undefined,
    list: [1, null, { deep: [new Date(0)] }],
    bytes: new Uint8Array([1, 2]),
    map: new Map([['a', { b: 1 }]]),
    set: new Set([1, new Date(1)]),
    $tutti: 'function',
    within: { $tutti: 'error', error: {} },
  };
  expect(crossed(data)).toEqual(data);
  const own = JSON.parse('{"__proto__":{"x":1},"a":1}') as object;
  expect(Object.keys(crossed(own) as object)).toEqual(['__proto__', 'a']);
});

it('an object of a class is the data that it holds', () => {
  expect(crossed({ at: new Point(2) })).toEqual({ at: { x: 2 } });
});

it('a function is called on its side, however deep it lies', async () => {
  const { list } = crossed({ list: [{ call: () => 'here' }] }) as { list: { call: () => Promise<unknown> }[] };
  expect(await list[0]?.call()).toBe(1);
});

it('what lies deep is data too, and what holds itself is refused', () => {
  const deep: { next?: object } = {};
  let last = deep;
  for (let depth = 0; depth < 100; depth++) {
    last.next = {};
    last = last.next;
  }
  expect(crossed(deep)).toEqual(deep);
  const itself: { self?: object } = {};
  itself.self = itself;
  expect(() => crossed(itself)).toThrow('holds itself');
  for (let depth = 0; depth < 3_000; depth++) {
    last.next = {};
    last = last.next;
  }
  expect(() => crossed(deep)).toThrow('more than 500 levels');
  expect(() => crossed(new Set([deep]))).toThrow('more than 500 levels');
  expect(() => crossed(new Map([[deep, 1]]))).toThrow('more than 500 levels');
});
