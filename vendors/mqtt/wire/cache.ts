import type { CacheRule } from '../../../core/operation/index.js';

/** A rule as the field `cache-control` of HTTP (RFC 9111) writes it. */
export function cacheControl({ visibility, freshness }: CacheRule): string {
  switch (freshness) {
    case 'immutable':
      return `${visibility}, max-age=31536000, immutable`;
    case 'revalidate':
      return `${visibility}, no-cache`;
    case 'none':
      return 'no-store';
  }
}

export function cacheRule(field: string): CacheRule {
  const directives = field.split(',').map((directive) => directive.trim());
  const freshness = directives.includes('immutable')
    ? 'immutable'
    : directives.includes('no-cache')
      ? 'revalidate'
      : 'none';
  return { visibility: directives.includes('public') ? 'public' : 'private', freshness };
}
