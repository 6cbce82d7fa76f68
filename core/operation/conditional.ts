/**
 * Whether an `If-None-Match` field matches a strong validator (RFC 9110 section 13.1.2; weak comparison).
 *
 * @param field the field's value as received, or `undefined`
 * @param etag the current validator without quotes
 * @experimental
 */
export function noneMatch(field: string | undefined, etag: string | undefined): boolean {
  if (field === undefined || etag === undefined) return false;
  if (field === `"${etag}"` || field.trim() === '*') return true;
  return entityTags(field).includes(etag);
}

/**
 * The opaque tags of an `If-Match` or `If-None-Match` list. Old clients that forget the quotes are understood.
 * @experimental
 */
export function entityTags(field: string): string[] {
  const quoted = [...field.matchAll(/(?:W\/)?"([^"]*)"/g)].map(([, tag]) => tag ?? '');
  return quoted.length > 0 ? quoted : field.split(',').map((tag) => tag.trim());
}
