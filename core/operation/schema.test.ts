import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { isSchema } from './schema.js';

describe('isSchema', () => {
  it.each<[string, unknown, boolean]>([
    ['an object', z.object({}), true],
    ['a transform', z.string().transform(Number), true],
    ['one of the class of another copy of zod', { _zod: {}, safeParseAsync: () => undefined }, true],
    ['a check', z.minLength(3), false],
    ['a JSON Schema', { type: 'object' }, false],
    ['a function', () => true, false],
    ['nothing', null, false],
  ])('tells schemas from the rest: %s', (_, value, expected) => {
    expect(isSchema(value)).toBe(expected);
  });
});
