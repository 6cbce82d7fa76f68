import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { secret } from '../plugin/secret.js';
import { secretValues } from './secrets.js';

const marked = secret(z.string());
const found = 'hunter2hunter2';
interface Tree {
  readonly key?: string | undefined;
  readonly below?: Tree | undefined;
}
const tree: z.ZodType<Tree> = z.lazy(() => z.object({ key: marked.optional(), below: tree.optional() }));
const endless: z.ZodType = z.lazy(() => z.union([endless, marked]));

describe('the secret values of a config', () => {
  it.each<[string, z.ZodType, unknown]>([
    ['a string', marked, found],
    ['optional', marked.optional(), found],
    ['nullable', marked.nullable(), found],
    ['default', marked.default('none'), found],
    ['prefault', marked.prefault('none'), found],
    ['nonoptional', marked.optional().nonoptional(), found],
    ['readonly', marked.readonly(), found],
    ['catch', marked.catch('none'), found],
    ['refined', marked.refine(() => true), found],
    ['preprocess', z.preprocess((value) => value, marked), found],
    ['a transform of it', marked.transform((password) => ({ password })), { password: found }],
    ['a pipe into it', z.string().pipe(marked), found],
    ['a pipe out of it', marked.pipe(z.string()), found],
    ['an object', z.object({ key: marked }), { key: found }],
    ['a member nobody declared', z.object({}).catchall(marked), { key: found }],
    ['an intersection, left', z.intersection(z.object({ key: marked }), z.object({})), { key: found }],
    ['an intersection, right', z.intersection(z.object({}), z.object({ key: marked })), { key: found }],
    ['a union', z.union([z.number(), z.object({ key: marked })]), { key: found }],
    [
      'a discriminated union',
      z.discriminatedUnion('type', [z.object({ type: z.literal('basic'), key: marked })]),
      { type: 'basic', key: found },
    ],
    ['an array', z.array(marked), [found]],
    ['a tuple', z.tuple([z.number(), marked]), [1, found]],
    ['the rest of a tuple', z.tuple([z.number()], marked), [1, found]],
    ['a record', z.record(z.string(), marked), { key: found }],
    ['a map', z.map(z.string(), marked), new Map([['key', found]])],
    ['a set', z.set(marked), new Set([found])],
    ['lazy', z.lazy(() => marked), found],
    ['a tree', tree, { below: { below: { key: found } } }],
    ['a secret object', secret(z.object({ user: z.object({ key: z.string() }) })), { user: { key: found } }],
    ['a secret list', secret(z.array(z.object({ key: z.string() }))), [{ key: found }]],
    ['a secret record', secret(z.record(z.string(), z.string())).readonly(), { key: found }],
  ])('are found in %s', (_what, schema, value) => {
    expect(secretValues(schema, schema.parse(value instanceof Object && 'password' in value ? found : value))).toEqual([
      found,
    ]);
  });

  it('are found in a schema that holds itself', () => {
    expect(secretValues(endless, found)).toEqual([found]);
  });

  it('are nothing that no mark is on, and nothing too short to hide', () => {
    const schema = z.object({ key: marked, name: z.string(), pin: secret(z.string()) });
    expect(secretValues(schema, { key: found, name: 'not secret', pin: '123' })).toEqual([found]);
  });
});
