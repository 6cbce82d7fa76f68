import type { CacheRule } from './reply.js';

/**
 * A cache rule as the field Cache-Control has it (RFC 9111 section 5.2).
 * @experimental
 */
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

/**
 * The part of a Cache-Control field that our rules have words for; whatever else it says, asking again does no harm.
 * @experimental
 */
export function cacheRule(field: string | undefined): CacheRule | undefined {
  if (field === undefined) return undefined;
  const directives = field.split(',').map((directive) => directive.trim().toLowerCase());
  const visibility = directives.includes('public') ? 'public' : 'private';
  if (directives.includes('no-store')) return { visibility: 'private', freshness: 'none' };
  return { visibility, freshness: directives.includes('immutable') ? 'immutable' : 'revalidate' };
}
