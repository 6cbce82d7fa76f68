import { beforeEach, describe, expect, it } from 'vitest';
import { z } from 'zod';
import memoryState from '../../providers/state/memory/index.js';
import { secret } from '../plugin/secret.js';
import type { StateProvider } from '../ports/state.js';
import { manualClock } from '../testing/clock.js';
import { testContext } from '../testing/context.js';
import { anyone, type Principal } from './access.js';
import { defineOperation, type Operation } from './operation.js';
import { Problem, problems } from './problem.js';
import { RememberedReplies } from './remembered-replies.js';
import { created } from './reply.js';

const make = (schema: z.ZodType): Operation =>
  defineOperation({
    id: 'tokens.create',
    summary: 'Makes one',
    input: z.unknown(),
    output: { kind: 'value', schema },
    problems: [],
    access: anyone,
    idempotency: 'once',
    http: { method: 'POST', path: '/tokens' },
  }) as Operation;
const plain = make(z.object({ n: z.number() }));
const operator: Principal = { kind: 'user', id: 'token:1', roles: [] };
const clock = manualClock();

describe('calls with an idempotency key', () => {
  let state: StateProvider;
  let replies: RememberedReplies;
  let effects = 0;
  const effect = (): ReturnType<typeof created<{ n: number }>> => created({ n: ++effects }, '/tokens/1');
  const ask = (key: string, input: unknown = {}, who = operator, operation = plain): Promise<unknown> =>
    replies.once(operation, who, key, input, effect);
  beforeEach(async () => {
    state = (await testContext<StateProvider>(memoryState)).instance;
    replies = new RememberedReplies(state, clock);
    effects = 0;
  });

  it('have their effect once, and one answer, even on another host with the same state', async () => {
    const first = await ask('k', { a: 1, b: 2 });
    expect(await ask('k', { b: 2, a: 1 })).toEqual(first);
    replies = new RememberedReplies(state, clock);
    expect(await ask('k', { a: 1, b: 2 })).toEqual(first);
    expect(effects).toBe(1);
  });

  it('share the answer when they are made at the same time', async () => {
    const [one, other] = await Promise.all([ask('k'), ask('k')]);
    expect(one).toEqual(other);
    expect(effects).toBe(1);
  });

  it('are apart by key, caller and input', async () => {
    await ask('k');
    await ask('l');
    await ask('k', {}, { ...operator, id: 'token:2' });
    expect(effects).toBe(3);
    await expect(ask('k', { other: true })).rejects.toMatchObject({ kind: problems.semanticError });
    expect(effects).toBe(3);
  });

  it('may be made again after a problem, and not when nobody knows what happened', async () => {
    const refuse = (error: Error) => (): never => {
      throw error;
    };
    const conflict = new Problem(problems.conflict, 'there is one');
    await expect(replies.once(plain, operator, 'k', {}, refuse(conflict))).rejects.toBe(conflict);
    await ask('k');
    expect(effects).toBe(1);
    await expect(replies.once(plain, operator, 'l', {}, refuse(new Error('died')))).rejects.toThrow('died');
    await expect(ask('l')).rejects.toMatchObject({
      kind: problems.conflict,
      detail: expect.stringContaining('not known'),
    });
    expect(effects).toBe(1);
  });

  it('keep no answer that holds a secret', async () => {
    const secretive = make(z.object({ deep: z.array(z.object({ token: secret(z.string()) })).optional() }));
    await ask('k', {}, operator, secretive);
    await expect(ask('k', {}, operator, secretive)).rejects.toMatchObject({
      detail: expect.stringContaining('shown only once'),
    });
    expect(effects).toBe(1);
  });

  it('are forgotten after a day', async () => {
    await ask('k');
    await clock.advance(23 * 3_600_000);
    await ask('k');
    expect(effects).toBe(1);
    await clock.advance(3 * 3_600_000);
    await ask('other');
    await ask('k');
    expect(effects).toBe(3);
  });
});
