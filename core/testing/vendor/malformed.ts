/** Values that are seldom meant, for a field or for a whole input. */
const odd: readonly unknown[] = [
  null,
  true,
  -1,
  0.5,
  1e308,
  '',
  ' ',
  '\0',
  '../../etc/passwd',
  "'; drop table x; --",
  '\ud800',
  'é'.repeat(5_000),
  [],
  [null],
  {},
  { unheard: { of: 1 } },
  nested(150),
];

/** Inputs that a caller might send by mistake or on purpose, made of one that is good. */
export function* malformed(input: Readonly<Record<string, unknown>>): Iterable<unknown> {
  yield* odd;
  yield undefined;
  yield { ...input, unheardOf: 'x' };
  yield JSON.parse(`{"__proto__":{"admin":true}}`);
  yield { ...input, constructor: { prototype: {} }, toString: 'x' };
  for (const name of Object.keys(input)) {
    const { [name]: _, ...without } = input;
    yield without;
    for (const value of odd) yield { ...input, [name]: value };
  }
}

function nested(depth: number): unknown {
  let value: unknown = 'deep';
  for (let level = 0; level < depth; level += 1) value = { value };
  return value;
}
