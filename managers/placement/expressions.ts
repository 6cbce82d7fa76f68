import { misprints, type Operator, operators } from '../margo/application/constraints.js';

/** A thing's value, or that it has none. */
export type Found = { readonly value: unknown } | undefined;

/** Finds what a key of an expression names. */
export type Lookup = (key: string) => Found;

type Loose = Readonly<Record<string, unknown>>;
type Scalar = string | number | boolean;

/**
 * Why an expression does not hold, as one sentence; `undefined` when it holds (section "Device Constraints", "Operators").
 *
 * @param items whether the things looked at may be lists of objects: those of property selectors, not those of labels
 */
export function unmet(expression: unknown, find: Lookup, items: boolean): string | undefined {
  if (!isObject(expression)) return 'an expression is no object';
  const { key, operator: written } = expression;
  if (typeof key !== 'string') return 'an expression has no key';
  const operator = operatorOf(written);
  if (operator === undefined) return `${key}: the operator ${shown(written)} is not known`;
  const found = find(key);
  if (operator === 'Exists') return found ? undefined : `${key} is not there`;
  if (operator === 'DoesNotExist') return found ? `${key} is there, as ${shown(found.value)}` : undefined;
  if (!found) return `${key} is not there`;
  if (operator === 'ContainsAll' || operator === 'ContainsAny') {
    if (!items) return `${key}: ${operator} is for properties only`;
    return unmetItems(key, operator, found.value, expression['itemSelector']);
  }
  const values = valuesOf(expression);
  if (values === undefined) return `${key}: ${operator} has no values`;
  if (operator === 'In' || operator === 'NotIn') return unmetMembership(key, operator, found.value, values);
  return unmetOrder(key, operator, found.value, values);
}

/** The expressions of a selector; the standard's skeleton misprints the name. */
export function expressionsOf(selector: unknown): readonly unknown[] | undefined {
  if (!isObject(selector)) return undefined;
  const expressions = selector['matchExpressions'] ?? selector['matchExpression'];
  return Array.isArray(expressions) ? expressions : undefined;
}

/** RFC 6901. The empty pointer is the whole; a key without a slash in front is taken as if it had one. */
export function pointerLookup(root: unknown): Lookup {
  return (pointer) => {
    const steps = (pointer === '' ? [] : pointer.replace(/^\//, '').split('/')).map((step) =>
      step.replaceAll('~1', '/').replaceAll('~0', '~'),
    );
    let value: unknown = root;
    for (const step of steps) {
      if (Array.isArray(value) ? !/^(0|[1-9]\d*)$/.test(step) : !isObject(value)) return undefined;
      if (!Object.hasOwn(value as object, step)) return undefined;
      value = (value as Loose)[step];
    }
    return value === undefined || value === null ? undefined : { value };
  };
}

function operatorOf(written: unknown): Operator | undefined {
  const name = typeof written === 'string' ? (misprints[written] ?? written) : undefined;
  return operators.find((operator) => operator === name);
}

function valuesOf(expression: Loose): readonly unknown[] | undefined {
  const values = expression['values'] ?? expression['value'];
  if (values === undefined || values === null) return undefined;
  const list = Array.isArray(values) ? values : [values];
  return list.length > 0 ? list : undefined;
}

function unmetMembership(
  key: string,
  operator: 'In' | 'NotIn',
  value: unknown,
  values: readonly unknown[],
): string | undefined {
  const held = scalars(value);
  // Anything but a scalar or a list of texts or numbers cannot be compared and makes the expression false.
  if (!held) return `${key} is ${shown(value)}, which ${operator} cannot compare`;
  if (!sameType(values)) return `${key}: the values ${shown(values)} are not texts, not numbers and not one boolean`;
  const met = held.some((item) => values.includes(item));
  if (operator === 'In') return met ? undefined : `${key} is ${shown(value)}, not one of ${shown(values)}`;
  return met ? `${key} is ${shown(value)}, which must not be one of ${shown(values)}` : undefined;
}

function unmetOrder(
  key: string,
  operator: 'Gt' | 'Lt',
  value: unknown,
  values: readonly unknown[],
): string | undefined {
  if (values.length !== 1) return `${key}: ${operator} needs exactly one value`;
  const [bound, held] = [numberOf(values[0]), numberOf(value)];
  if (bound === undefined) return `${key}: ${shown(values[0])} is no number for ${operator}`;
  if (held === undefined) return `${key} is ${shown(value)}, which is no number`;
  if (operator === 'Gt') return held > bound ? undefined : `${key} is ${held}, not greater than ${bound}`;
  return held < bound ? undefined : `${key} is ${held}, not less than ${bound}`;
}

function unmetItems(
  key: string,
  operator: 'ContainsAll' | 'ContainsAny',
  value: unknown,
  selector: unknown,
): string | undefined {
  const expressions = expressionsOf(selector);
  if (!expressions) return `${key}: ${operator} has no itemSelector with expressions`;
  if (!Array.isArray(value) || !value.every(isObject)) return `${key} is ${shown(value)}, not a list of objects`;
  const holds = (item: Loose) => (expression: unknown) => unmet(expression, pointerLookup(item), true) === undefined;
  const met = value.some((item) =>
    operator === 'ContainsAll' ? expressions.every(holds(item)) : expressions.some(holds(item)),
  );
  const wanted = operator === 'ContainsAll' ? 'all' : 'any';
  return met ? undefined : `${key} has no entry that meets ${wanted} of ${shown(expressions)}`;
}

function scalars(value: unknown): readonly Scalar[] | undefined {
  if (typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean') return [value];
  if (!Array.isArray(value)) return undefined;
  const plain = value.every((item) => typeof item === 'string') || value.every((item) => typeof item === 'number');
  return plain ? value : undefined;
}

function sameType(values: readonly unknown[]): boolean {
  const type = typeof values[0];
  if (type === 'boolean') return values.length === 1;
  return (type === 'string' || type === 'number') && values.every((value) => typeof value === type);
}

function numberOf(value: unknown): number | undefined {
  if (typeof value === 'number') return value;
  if (typeof value !== 'string' || value.trim() === '') return undefined;
  const number = Number(value);
  return Number.isNaN(number) ? undefined : number;
}

export function isObject(value: unknown): value is Loose {
  return value !== null && typeof value === 'object' && !Array.isArray(value);
}

export function shown(value: unknown): string {
  const text = JSON.stringify(value) ?? 'nothing';
  return text.length > 200 ? `${text.slice(0, 200)}...` : text;
}
