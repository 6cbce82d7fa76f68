import { expect, it } from 'vitest';
import type { Health, Lifecycle } from '../plugin/index.js';
import { healthOf } from './health-of.js';

const saying = (health: unknown): Lifecycle => ({ health: () => health as Health });

it('is what the entry says, and that it is well where it says nothing', () => {
  expect(healthOf(saying({ status: 'degraded', reason: 'slow', more: () => 1 }))).toEqual({
    status: 'degraded',
    reason: 'slow',
  });
  expect([healthOf({}), healthOf(undefined)]).toEqual([{ status: 'ok' }, { status: 'ok' }]);
});

it('an entry that cannot say it is failed', () => {
  const throwing: Lifecycle = {
    health: () => {
      throw new Error('no idea');
    },
  };
  expect(healthOf(throwing)).toEqual({ status: 'failed', reason: 'no idea' });
  for (const nonsense of [Promise.resolve({ status: 'ok' }), { status: 'fine' }, 'ok'])
    expect(healthOf(saying(nonsense))).toMatchObject({
      status: 'failed',
      reason: expect.stringContaining('expected ok'),
    });
});
