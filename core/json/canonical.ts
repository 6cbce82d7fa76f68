import type { Json } from '../ports/state.js';

/**
 * JSON with object keys in code-unit order and no white space (RFC 8785; ECMAScript already serialises numbers and
 * strings as that RFC asks), so that equal values have equal bytes. Members that are `undefined` are left out.
 * @stable since 0.1.0
 */
export function canonicalJson(value: Json): string {
  return JSON.stringify(value, (_key, member: unknown) =>
    member !== null && typeof member === 'object' && !Array.isArray(member)
      ? Object.fromEntries(Object.entries(member).sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0)))
      : member,
  );
}
