import { expect, it } from 'vitest';
import { z } from 'zod';
import { secret } from '../plugin/secret.js';
import { mayBeKept } from './kept-output.js';

const text = z.string().min(1).max(9).regex(/^a/);
const keeps = (schema: z.ZodType): boolean => mayBeKept({ kind: 'value', schema });

it.each([
  ['text with rules', text],
  ['a list with rules', z.array(text).max(3)],
  ['times, numbers and choices', z.object({ at: z.iso.datetime(), size: z.int().min(1), kind: z.enum(['a', 'b']) })],
  ['an object with a rule', z.object({ text }).refine(() => true)],
])('what has no secret may be kept: %s', (_, schema) => expect(keeps(schema)).toBe(true));

it.each([
  ['the value itself', secret(text)],
  ['a member', z.object({ text, token: secret(z.string()) })],
  ['an element', z.array(z.object({ token: secret(z.string()) })).max(3)],
  ['one of several', z.union([text, z.object({ token: secret(z.string()).optional() })])],
])('what has one may not: %s', (_, schema) => expect(keeps(schema)).toBe(false));
