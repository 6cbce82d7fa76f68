import { randomBytes } from 'node:crypto';
import { beforeEach, describe, expect, it } from 'vitest';
import { MemoryState } from '../../../providers/state/memory/index.js';
import { ReplayGuard, signatureReplays } from './replay-guard.js';

const now = Date.UTC(2026, 0, 1);
const minute = 60_000;
const signature = (): Uint8Array => randomBytes(64);
const left = (state: MemoryState): Promise<number> => state.count(signatureReplays);

describe('ReplayGuard', () => {
  let state: MemoryState;
  let guard: ReplayGuard;
  beforeEach(() => {
    state = new MemoryState();
    guard = new ReplayGuard(state);
  });

  it('admits a signature once, also over a restart and among many at the same time', async () => {
    const one = signature();
    const answers = await Promise.all(Array.from({ length: 10 }, () => guard.admit(one, now + 5 * minute)));
    expect(answers.filter(Boolean)).toHaveLength(1);
    expect(await new ReplayGuard(state).admit(one, now + 5 * minute)).toBe(false);
    expect(await guard.admit(signature(), now + 5 * minute)).toBe(true);
  });

  it('forgets what has expired and nothing else, minute by minute', async () => {
    const kept = signature();
    const current = signature();
    await guard.admit(current, now);
    expect(await guard.prune(now)).toBe(0);
    expect(await guard.admit(current, now)).toBe(false);
    expect(await guard.prune(now + minute)).toBe(1);
    for (const age of [1, 2, 3]) await guard.admit(signature(), now + age * minute);
    await guard.admit(kept, now + 4 * minute);
    expect(await guard.prune(now + minute)).toBe(0);
    expect(await guard.prune(now + 3 * minute)).toBe(2);
    expect(await guard.prune(now + 4 * minute)).toBe(1);
    expect(await guard.admit(kept, now + 4 * minute)).toBe(false);
    expect(await guard.prune(now + 5 * minute)).toBe(1);
    expect(await left(state)).toBe(0);
  });

  it('finds what an earlier process left, and gets over a leap of the clock', async () => {
    for (let index = 0; index < 2500; index += 1) await guard.admit(signature(), now);
    await guard.admit(signature(), now + 10 * minute);
    const next = new ReplayGuard(state);
    expect(await next.prune(now + minute)).toBe(2500);
    await next.admit(signature(), now + 10 * minute);
    expect(await next.prune(now + 1_000_000 * minute)).toBe(2);
    expect(await next.prune(now)).toBe(0);
  });

  it('lets a failure of the store through', async () => {
    const broken = Object.assign(Object.create(state), { commit: () => Promise.reject(new Error('disk full')) });
    await expect(new ReplayGuard(broken).admit(signature(), now)).rejects.toThrow('disk full');
  });
});
