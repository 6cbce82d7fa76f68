import type { Json } from '../../../core/ports/index.js';
import { named } from '../document/place.js';
import type { ConfigurationSchema } from './description.js';
import { expression, type Matcher } from './expression.js';

/**
 * What is wrong with a value by its schema (section "Configuration Schema"), as a phrase that goes after its name;
 * `undefined` when it is fine. Rules for a list hold for each of its items.
 *
 * @param matcher one for all values of a document
 */
export function valueFault(schema: ConfigurationSchema, value: Json | undefined, matcher: Matcher): string | undefined {
  if (isEmpty(value)) return schema.allowEmpty ? undefined : 'must not be empty';
  const [, itemType] = /^array\[(\w+)\]$/.exec(schema.dataType) ?? [];
  if (itemType === undefined && !(schema.multiselect && Array.isArray(value)))
    return itemFault(schema, schema.dataType, value, matcher);
  if (!Array.isArray(value)) return `must be a list, not ${named(value)}`;
  for (const [index, item] of value.entries()) {
    const fault =
      isEmpty(item) && !schema.allowEmpty
        ? 'must not be empty'
        : itemFault(schema, itemType ?? schema.dataType, item, matcher);
    if (fault !== undefined) return `item ${index + 1} ${fault}`;
  }
  return undefined;
}

/** What keeps a value from ever reaching an application, whatever its schema says. */
export function unusable(value: Json | undefined): string | undefined {
  // Neither an environment nor an argument of a program can hold it.
  const held = (text: Json | undefined): boolean => typeof text === 'string' && text.includes('\0');
  if (held(value)) return 'must not hold a NUL character';
  const at = Array.isArray(value) ? value.findIndex(held) : -1;
  return at < 0 ? undefined : `item ${at + 1} must not hold a NUL character`;
}

function isEmpty(value: Json | undefined): boolean {
  return value === undefined || value === null || value === '' || (Array.isArray(value) && value.length === 0);
}

function itemFault(
  schema: ConfigurationSchema,
  type: string,
  value: Json | undefined,
  matcher: Matcher,
): string | undefined {
  const { options } = schema;
  if (options && !options.some((option) => option === value))
    return `must be one of ${options.map((option) => JSON.stringify(option)).join(', ')}, not ${named(value)}`;
  if (type === 'boolean') return typeof value === 'boolean' ? undefined : `must be true or false, not ${named(value)}`;
  if (type === 'string')
    return typeof value === 'string' ? textFault(schema, value, matcher) : `must be text, not ${named(value)}`;
  if (typeof value !== 'number') return `must be a number, not ${named(value)}`;
  if (type === 'integer' && !Number.isSafeInteger(value)) return `must be a whole number, not ${value}`;
  return numberFault(schema, value);
}

function textFault(schema: ConfigurationSchema, value: string, matcher: Matcher): string | undefined {
  const { minLength, maxLength, regexMatch } = schema;
  // Characters as a person counts them, not UTF-16 units.
  const length = [...value].length;
  if (minLength !== undefined && length < minLength) return `must have at least ${minLength} characters, not ${length}`;
  if (maxLength !== undefined && length > maxLength) return `must have at most ${maxLength} characters, not ${length}`;
  if (regexMatch === undefined) return undefined;
  const pattern = expression(regexMatch);
  if (!(pattern instanceof RegExp)) return undefined;
  const before = matcher.ranAway;
  const found = matcher.matches(pattern, value);
  if (found !== undefined) return found ? undefined : `must match ${shortened(regexMatch)}`;
  return before === undefined
    ? `is too slow to check: the expression ${shortened(regexMatch)} takes too long on it`
    : `is too slow to check: the expression ${shortened(before)} took all the time that there is for expressions`;
}

/** An expression may be as long as its document, and is told of for each value that it concerns. */
function shortened(text: string): string {
  return text.length > 200 ? `${text.slice(0, 200)}…` : text;
}

function numberFault(schema: ConfigurationSchema, value: number): string | undefined {
  const { minValue, maxValue, minPrecision, maxPrecision } = schema;
  if (minValue !== undefined && value < minValue) return `must be at least ${minValue}, not ${value}`;
  if (maxValue !== undefined && value > maxValue) return `must be at most ${maxValue}, not ${value}`;
  if (schema.dataType.includes('integer')) return undefined;
  const digits = decimals(value);
  if (minPrecision !== undefined && digits < minPrecision)
    return `must have at least ${minPrecision} digits after the point, not ${digits}`;
  if (maxPrecision !== undefined && digits > maxPrecision)
    return `must have at most ${maxPrecision} digits after the point, not ${digits}`;
  return undefined;
}

/** Digits after the decimal point; trailing zeros are lost in a number, wherever it came from. */
function decimals(value: number): number {
  const [, fraction = '', exponent = '0'] = /^-?\d+(?:\.(\d+))?(?:e([+-]\d+))?$/.exec(String(value)) ?? [];
  return Math.max(0, fraction.length - Number(exponent));
}
