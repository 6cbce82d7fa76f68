import { expect, it } from 'vitest';
import { z } from 'zod';
import { parseInput } from './input.js';
import { Problem } from './problem.js';

const schema = z.object({ limit: z.coerce.number(), in: z.object({ row: z.coerce.number().int() }).optional() });

function refusal(input: unknown): Problem {
  try {
    parseInput(schema, input);
  } catch (error) {
    if (error instanceof Problem) return error;
    throw error;
  }
  throw new Error('the input was taken');
}

it.each([
  [{ limit: 'abc' }, 'limit: Invalid input: expected number, received "abc"'],
  [{ limit: ['1', '2'] }, 'limit: Invalid input: expected number, received ["1","2"]'],
  [{ limit: '$&' }, 'limit: Invalid input: expected number, received "$&"'],
  [{}, 'limit: Invalid input: expected number, received nothing'],
  [{ limit: 1, in: { row: 'x' } }, 'in.row: Invalid input: expected number, received "x"'],
])('shows what was sent in place of a number: %j', (input, detail) => expect(refusal(input).detail).toBe(detail));

it('shows the beginning of what is long', () => {
  expect(refusal({ limit: 'x'.repeat(10_000) }).detail).toBe(
    `limit: Invalid input: expected number, received "${'x'.repeat(59)}...`,
  );
});
