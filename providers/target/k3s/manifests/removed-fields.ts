import { fieldManager } from '../cluster.js';
import type { KubernetesObject } from '../kubernetes.js';
import { fields, items } from './pod-templates.js';

type Fields = Readonly<Record<string, unknown>>;

/**
 * The object with `null` for every field that we set before and that it has no more, as a strategic merge patch wants it.
 * Server-side apply takes such a field away by itself, but leaves what the server has added to it: a probe that was taken
 * out stays behind as its defaults, and makes the whole object invalid.
 *
 * @param found the object as it is in the cluster
 * @returns nothing where no such field is
 */
export function withRemovals(object: KubernetesObject, found: KubernetesObject): Fields | undefined {
  const { managedFields } = found.metadata as { readonly managedFields?: unknown };
  const ours = items(managedFields).find(({ manager, operation }) => manager === fieldManager && operation === 'Apply');
  const before = fields(ours?.['fieldsV1']);
  const made = before && removed(object, before);
  return made === undefined || made === object ? undefined : made;
}

/** As the API describes field sets: `f:name` is a field, `k:{"name":"main"}` the item of a list with this key. */
function removed(value: Fields, before: Fields): Fields {
  let made = value;
  for (const [key, inner] of Object.entries(before)) {
    const below = fields(inner);
    if (!key.startsWith('f:') || below === undefined || Object.keys(below).length === 0) continue;
    const name = key.slice(2);
    const now = value[name];
    const next = now === undefined ? null : Array.isArray(now) ? removedItems(now, below) : removedFields(now, below);
    if (next !== now) made = { ...made, [name]: next };
  }
  return made;
}

function removedFields(now: unknown, before: Fields): unknown {
  const known = fields(now);
  return known === undefined ? now : removed(known, before);
}

function removedItems(now: readonly unknown[], before: Fields): readonly unknown[] {
  const next = now.map((item) => {
    const known = fields(item);
    const key = known && Object.keys(before).find((each) => each.startsWith('k:') && isKeyOf(each.slice(2), known));
    const below = key === undefined ? undefined : fields(before[key]);
    return known && below ? removed(known, below) : item;
  });
  return next.some((item, at) => item !== now[at]) ? next : now;
}

function isKeyOf(text: string, item: Fields): boolean {
  const key = fields(JSON.parse(text)) ?? {};
  return Object.entries(key).every(([name, value]) => item[name] === value);
}
