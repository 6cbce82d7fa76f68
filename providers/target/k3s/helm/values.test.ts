import fc from 'fast-check';
import { expect, it } from 'vitest';
import { type Json, TargetFault } from '../../../../core/plugin/index.js';
import { formatPointer, parsePointer, type Step } from './pointer.js';
import { covers, valuesOf, withAdditions } from './values.js';

it.for<[string, readonly Step[]]>([
  ['image.tag', ['image', 'tag']],
  ['servers[0].port', ['servers', 0, 'port']],
  ['matrix[1][2]', ['matrix', 1, 2]],
  ['nodeSelector.kubernetes\\.io/arch', ['nodeSelector', 'kubernetes.io/arch']],
  ['a\\[0\\]', ['a[0]']],
  ['a\\\\b', ['a\\b']],
  ['__proto__.x', ['__proto__', 'x']],
])('reads the pointer %s as --set does', ([pointer, steps]) => {
  expect(parsePointer(pointer)).toEqual(steps);
});

it.for([
  '',
  '.',
  'a.',
  '.a',
  'a..b',
  '[0]',
  'a[x]',
  'a[-1]',
  'a[65537]',
  'a[999999]',
  'a]',
  'a=b',
  'a,b',
  'a\\',
  'a[0]b',
])('takes %j for no pointer', (pointer) => {
  expect(parsePointer(pointer)).toBeUndefined();
});

it('keeps types, and puts lists and dotted names where they belong', () => {
  const parameters: Record<string, Json> = {
    replicas: 3,
    'image.tag': '1.0',
    'image.pull': true,
    'servers[1].port': 8080,
    'servers[1].name': 'b',
    'node.kubernetes\\.io/arch': 'amd64',
    ratio: 0.5,
    'tags.all': ['x', 'y'],
    'off.it': null,
  };
  expect(valuesOf(parameters)).toEqual({
    replicas: 3,
    image: { tag: '1.0', pull: true },
    servers: [null, { port: 8080, name: 'b' }],
    node: { 'kubernetes.io/arch': 'amd64' },
    ratio: 0.5,
    tags: { all: ['x', 'y'] },
    off: { it: null },
  });
});

it.for<[string, Record<string, Json>, string]>([
  ['a value with something inside', { a: 1, 'a.b': 2 }, 'parameters set a, and a.b inside of it; set one of them'],
  ['a map with something inside', { a: { c: 1 }, 'a.b': 2 }, 'parameters set a, and a.b inside of it; set one of them'],
  ['a list and a map', { 'a[0]': 1, 'a.b': 2 }, 'parameters take a for a list and for a map at the same time'],
  [
    'the same place, written twice',
    { 'a[0]': 1, 'a[00]': 2 },
    'parameters set a[0] twice, or something inside of it as well; set one of them',
  ],
  ['no pointer', { 'a..b': 1 }, 'parameter pointer a..b is no values path such as image.tag'],
])('refuses %s', ([, parameters, message]) => {
  const orders = [parameters, Object.fromEntries(Object.entries(parameters).reverse())];
  for (const order of orders) {
    expect(() => valuesOf(order)).toThrow(expect.objectContaining({ code: 'invalid', retry: false, message }));
  }
});

it('tells no value when it refuses', () => {
  const secret = 'correct horse';
  expect(() => valuesOf({ a: secret, 'a.b': secret })).not.toThrow(secret);
});

const name = fc.oneof(
  fc.constantFrom('a', 'b', 'x.y', '__proto__', 'constructor', '[', ',', '\\'),
  fc.string({ minLength: 1 }),
);
const steps = fc
  .tuple(name, fc.array(fc.oneof(name, fc.nat({ max: 3 })), { maxLength: 4 }))
  .map(([first, rest]): readonly Step[] => [first, ...rest]);
const leaf = fc.oneof(fc.string(), fc.integer(), fc.boolean(), fc.double({ noNaN: true, noDefaultInfinity: true }));

it('reads every pointer that it writes', () => {
  fc.assert(
    fc.property(steps, (path) => {
      expect(parsePointer(formatPointer(path))).toEqual(path);
    }),
  );
});

it('finds every value at its place, whatever the order, or refuses', () => {
  fc.assert(
    fc.property(
      fc.uniqueArray(fc.tuple(steps, leaf), { maxLength: 6, selector: ([path]) => formatPointer(path) }),
      (all) => {
        const parameters = Object.fromEntries(all.map(([path, value]) => [formatPointer(path), value]));
        const outcomes = [all, [...all].reverse()].map((order) => {
          try {
            return valuesOf(
              Object.fromEntries(order.map(([path]) => [formatPointer(path), parameters[formatPointer(path)] ?? null])),
            );
          } catch (error) {
            expect(error).toBeInstanceOf(TargetFault);
            return undefined;
          }
        });
        expect(outcomes[1] === undefined).toBe(outcomes[0] === undefined);
        const values = outcomes[0];
        if (values === undefined) return;
        for (const [path, value] of all) expect(at(values, path)).toBe(value);
        expect(Object.getPrototypeOf(values)).toBe(Object.prototype);
      },
    ),
  );
});

function at(values: unknown, path: readonly Step[]): unknown {
  return path.reduce<unknown>((node, step) => Object.getOwnPropertyDescriptor(node, String(step))?.value, values);
}

it('adds what comes from us after what the deployment says, and changes nothing of that', () => {
  const env = [
    { name: 'A', value: 'ours' },
    { name: 'B', value: 'ours' },
  ];
  const values = valuesOf({ 'app.env[0].name': 'A', 'app.env[0].value': 'theirs', labels: 'text' });
  expect(
    withAdditions(values, [
      { pointer: 'app.env', value: env },
      { pointer: 'global.environment', value: { A: '1' } },
      { pointer: 'labels', value: [{ name: 'secret' }] },
      { pointer: 'labels.inside', value: { A: '1' } },
      { pointer: 'sidecars[1].env', value: { A: '1' } },
    ]),
  ).toEqual({
    app: { env: [{ name: 'A', value: 'theirs' }, env[1]] },
    global: { environment: { A: '1' } },
    labels: 'text',
    sidecars: [null, { env: { A: '1' } }],
  });
});

it('knows what is covered', () => {
  const whole = { a: { b: [1, { c: 'x', d: 2 }], e: true }, f: null };
  expect(covers(whole, { a: { b: [1, { c: 'x' }] } })).toBe(true);
  expect(covers(whole, { a: { missing: null } })).toBe(true);
  expect(covers(whole, {})).toBe(true);
  expect(covers(whole, { a: { b: [1] } })).toBe(false);
  expect(covers(whole, { a: { e: 'true' } })).toBe(false);
  expect(covers(undefined, {})).toBe(false);
});
