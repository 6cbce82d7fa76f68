import { canonicalJson } from '../json/canonical.js';
import type { Json } from '../ports/state.js';
import type { Operation } from './operation.js';
import { Problem, problems } from './problem.js';

/**
 * A call in the shape that HTTP gives it: what signatures cover, on every binding, and what an HTTP client sends.
 * @experimental
 */
export interface HttpForm {
  readonly method: string;
  /** Path and query, percent-encoded, the vendor's prefix included. */
  readonly target: string;
  /** The path's parameters, not encoded. */
  readonly params: Readonly<Record<string, string>>;
  /** Canonical JSON (RFC 8785) in UTF-8; absent where nothing is left for a body. */
  readonly body: Uint8Array | undefined;
}

/**
 * An input before validation, by field.
 * @experimental
 */
export type CallInput = Readonly<Record<string, unknown>>;

/**
 * The HTTP form of a call by its input: each field goes where the operation's HTTP shape has it (path, query, body),
 * query fields in the order of the shape. Caller and host derive the same from the same input, so that one signature
 * means the same whatever carries it.
 *
 * @param prefix of the vendor: empty, or `/api/v1`
 * @throws {@link Problem} 400 when the input does not name what the path needs, not as text that an address can hold, or has
 *   a field that has no place
 * @experimental
 */
export function httpForm({ id, http }: Operation, prefix: string, input: CallInput): HttpForm {
  const fitting = [http.path, ...(http.aliases ?? [])]
    .map((path) => ({ path, names: templateNames(path) }))
    .find(({ names }) => names.every((name) => isSegment(input[name])) && unplaced(input, names, http).length === 0);
  if (!fitting) {
    const names = templateNames(http.path);
    const missing = names.filter((name) => !isSegment(input[name]));
    const what =
      missing.length > 0
        ? `${missing.join(', ')}: required, as text`
        : `the input has a field too many: ${unplaced(input, names, http).join(', ')}`;
    throw new Problem(problems.invalidRequest, `${id} cannot be addressed: ${what}`);
  }
  const params = Object.fromEntries(fitting.names.map((name) => [name, String(input[name])]));
  const path = fitting.path.replaceAll(/\{([^}+]+)(\+?)\}/g, (_all, name: string, rest: string) => {
    const value = params[name] ?? '';
    return rest === '' ? segment(value) : value.split('/').map(segment).join('/');
  });
  return {
    method: http.method,
    target: prefix + path + queryOf(input, http.query ?? []),
    params,
    body: bodyOf(input, http, fitting.names),
  };
}

/** What a template takes from the input: `/devices/{id}` has `id`. */
function templateNames(template: string): string[] {
  return [...template.matchAll(/\{([^}+]+)\+?\}/g)].map(([, name]) => name ?? '');
}

function isSegment(value: unknown): boolean {
  return typeof value === 'string' && value !== '';
}

/**
 * The fields without a place: a GET has no body (RFC 9110 section 9.3.1), and where the body is one field, there is no room
 * for others in it.
 */
function unplaced(input: CallInput, names: readonly string[], http: Operation['http']): readonly string[] {
  if (http.method !== 'GET' && http.body === undefined) return [];
  const body = http.method === 'GET' ? undefined : http.body;
  return Object.entries(input).flatMap(([name, value]) =>
    value === undefined || name === body || names.includes(name) || http.query?.includes(name) === true ? [] : [name],
  );
}

/** A path segment (RFC 3986 section 3.3): of what may stand in one unescaped, nothing is escaped. */
function segment(text: string): string {
  return escaped(text).replaceAll(/%(?:3A|40|24|26|2B|2C|3B|3D)/g, decodeURIComponent);
}

/** With this flag, the halves of a pair are none by themselves. */
const loneSurrogate = /\p{Surrogate}/u;

/** @throws Problem 400 for text that no address can hold */
function escaped(text: string): string {
  if (loneSurrogate.test(text)) {
    throw new Problem(problems.invalidRequest, `${JSON.stringify(text)} is no text (Unicode) that an address can hold`);
  }
  return encodeURIComponent(text);
}

function queryOf(input: CallInput, names: readonly string[]): string {
  const pairs = names.flatMap((name) => {
    const value = input[name];
    if (value === undefined) return [];
    return (Array.isArray(value) ? value : [value]).map((one) => `${escaped(name)}=${escaped(plain(one))}`);
  });
  return pairs.length === 0 ? '' : `?${pairs.join('&')}`;
}

function plain(value: unknown): string {
  return typeof value === 'object' ? canonicalJson(value as Json) : String(value);
}

function bodyOf(input: CallInput, http: Operation['http'], names: readonly string[]): Uint8Array | undefined {
  if (http.body !== undefined) {
    const document = input[http.body];
    return document === undefined ? undefined : Buffer.from(canonicalJson(document as Json));
  }
  const rest = Object.entries(input).filter(
    ([name, value]) => value !== undefined && !names.includes(name) && http.query?.includes(name) !== true,
  );
  return rest.length === 0 ? undefined : Buffer.from(canonicalJson(Object.fromEntries(rest) as Json));
}
