import type { Json } from '../../../../core/plugin/index.js';
import type { KubernetesObject } from '../kubernetes.js';

const reference = /\$\{([A-Za-z_][A-Za-z0-9_.-]*)\}/g;

/**
 * Objects with `${NAME}` replaced in every text by what the name stands for; a text that is nothing else becomes the value
 * itself, a number as a number. It is done after parsing, so that no value can write YAML. Names that are not known stay
 * as they are: scripts have such references of their own.
 */
export function substituted(
  objects: readonly KubernetesObject[],
  values: Readonly<Record<string, Json>>,
): readonly KubernetesObject[] {
  return objects.map((object) => replaced(object, values) as KubernetesObject);
}

function replaced(value: unknown, values: Readonly<Record<string, Json>>): unknown {
  if (typeof value === 'string') return replacedText(value, values);
  if (Array.isArray(value)) return value.map((item) => replaced(item, values));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([name, inner]) => [name, replaced(inner, values)]));
}

function replacedText(text: string, values: Readonly<Record<string, Json>>): Json {
  const [, whole] = /^\$\{([^}]*)\}$/.exec(text) ?? [];
  if (whole !== undefined && Object.hasOwn(values, whole)) return values[whole] ?? null;
  return text.replace(reference, (written: string, name: string) => {
    if (!Object.hasOwn(values, name)) return written;
    const value = values[name];
    return typeof value === 'string' ? value : JSON.stringify(value);
  });
}
