import type { Json } from '../../../core/ports/index.js';
import { named } from '../document/place.js';
import type { ConfigurationSchema } from './description.js';
import { expression, matches } from './expression.js';

/**
 * What is wrong with a value by its schema (section "Configuration Schema"), as a phrase that goes after its name;
 * `undefined` when it is fine. Rules for a list hold for each of its items.
 */
export function valueFault(schema: ConfigurationSchema, value: Json | undefined): string | undefined {
  if (isEmpty(value)) return schema.allowEmpty ? undefined : 'must not be empty';
  const [, itemType] = /^array\[(\w+)\]$/.exec(schema.dataType) ?? [];
  if (itemType === undefined && !(schema.multiselect && Array.isArray(value)))
    return itemFault(schema, schema.dataType, value);
  if (!Array.isArray(value)) return `must be a list, not ${named(value)}`;
  for (const [index, item] of value.entries()) {
    const fault =
      isEmpty(item) && !schema.allowEmpty ? 'must not be empty' : itemFault(schema, itemType ?? schema.dataType, item);
    if (fault !== undefined) return `item ${index + 1} ${fault}`;
  }
  return undefined;
}

function isEmpty(value: Json | undefined): boolean {
  return value === undefined || value === null || value === '' || (Array.isArray(value) && value.length === 0);
}

function itemFault(schema: ConfigurationSchema, type: string, value: Json | undefined): string | undefined {
  const { options } = schema;
  if (options && !options.some((option) => option === value))
    return `must be one of ${options.map((option) => JSON.stringify(option)).join(', ')}, not ${named(value)}`;
  if (type === 'boolean') return typeof value === 'boolean' ? undefined : `must be true or false, not ${named(value)}`;
  if (type === 'string')
    return typeof value === 'string' ? textFault(schema, value) : `must be text, not ${named(value)}`;
  if (typeof value !== 'number') return `must be a number, not ${named(value)}`;
  if (type === 'integer' && !Number.isSafeInteger(value)) return `must be a whole number, not ${value}`;
  return numberFault(schema, value);
}

function textFault(schema: ConfigurationSchema, value: string): string | undefined {
  const { minLength, maxLength, regexMatch } = schema;
  // Characters as a person counts them, not UTF-16 units.
  const length = [...value].length;
  if (minLength !== undefined && length < minLength) return `must have at least ${minLength} characters, not ${length}`;
  if (maxLength !== undefined && length > maxLength) return `must have at most ${maxLength} characters, not ${length}`;
  if (regexMatch === undefined) return undefined;
  const pattern = expression(regexMatch);
  if (!(pattern instanceof RegExp)) return undefined;
  const found = matches(pattern, value);
  if (found === undefined) return `cannot be checked: the expression ${regexMatch} takes too long on it`;
  return found ? undefined : `must match ${regexMatch}`;
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
