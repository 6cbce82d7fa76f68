import { expect, it } from 'vitest';
import { cacheControl, cacheRule } from './cache-control.js';

it('a rule is found again in its field', () => {
  for (const visibility of ['private', 'public'] as const) {
    for (const freshness of ['immutable', 'revalidate'] as const) {
      expect(cacheRule(cacheControl({ visibility, freshness }))).toEqual({ visibility, freshness });
    }
  }
  expect(cacheRule(cacheControl({ visibility: 'public', freshness: 'none' }))?.freshness).toBe('none');
});

it.each([
  [undefined, undefined],
  ['No-Store, private', { visibility: 'private', freshness: 'none' }],
  ['public, max-age=60', { visibility: 'public', freshness: 'revalidate' }],
] as const)('%s of somebody else is %j', (field, rule) => expect(cacheRule(field)).toEqual(rule));
