import FindMyWay, { type HTTPMethod } from 'find-my-way';
import type { MountedOperation } from '../../core/operation/index.js';

/** An operation that a method and path lead to. */
export interface Found {
  readonly kind: 'operation';
  readonly mounted: MountedOperation;
  readonly params: Readonly<Record<string, string>>;
}

/** What a method and path lead to. */
export type Match =
  | Found
  | { readonly kind: 'wrong-method'; readonly allowed: readonly string[] }
  | { readonly kind: 'none' };

const methods = ['GET', 'POST', 'PUT', 'PATCH', 'DELETE'] as const;

/**
 * Finds operations by method and path over a radix tree.
 *
 * @throws Error when two operations claim the same method and path, naming both
 */
export function createRouter(operations: readonly MountedOperation[]): (method: string, path: string) => Match {
  const router = FindMyWay({ caseSensitive: true, maxParamLength: 2048 });
  const claimed = new Map<string, MountedOperation>();
  for (const mounted of operations) {
    const { http } = mounted.operation;
    for (const template of [http.path, ...(http.aliases ?? [])]) {
      const route = mounted.prefix + template;
      const shape = `${http.method} ${route.replaceAll(/\{[^}]*\}/g, '{}')}`;
      const other = claimed.get(shape);
      if (other) {
        throw new Error(
          `${http.method} ${route}: both ${other.vendor} (${other.operation.id}) and ${mounted.vendor} (${mounted.operation.id}) offer it; give one vendor another path`,
        );
      }
      claimed.set(shape, mounted);
      router.on(http.method, toFindMyWay(route), unreachable, { mounted, rest: restName(template) });
    }
  }

  return (method, path) => {
    const found = router.find((method === 'HEAD' ? 'GET' : method) as HTTPMethod, path);
    if (found) {
      const { mounted, rest } = found.store as { mounted: MountedOperation; rest: string | undefined };
      // A template's parameters are never optional, so a match has a text for each.
      const params = found.params as Record<string, string>;
      return { kind: 'operation', mounted, params: rest === undefined ? params : renameRest(params, rest) };
    }
    const allowed = methods.filter((candidate) => router.find(candidate, path));
    return allowed.length > 0 ? { kind: 'wrong-method', allowed } : { kind: 'none' };
  };
}

function toFindMyWay(template: string): string {
  return template
    .replaceAll(':', '::')
    .replaceAll(/\{([^}+]+)\}/g, ':$1')
    .replace(/\{[^}]+\+\}$/, '*');
}

function restName(template: string): string | undefined {
  return /\{([^}+]+)\+\}$/.exec(template)?.[1];
}

/** `{name+}` is found under `*`, decoded already; to decode it twice would make `%252F` a slash. */
function renameRest(params: Record<string, string>, name: string): Record<string, string> {
  const { '*': rest = '', ...others } = params;
  return { ...others, [name]: rest };
}

function unreachable(): never {
  throw new Error('routes are looked up, never run by the router');
}
