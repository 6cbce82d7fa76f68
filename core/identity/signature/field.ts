import {
  type Dictionary,
  isInnerList,
  parseDictionary,
  parseItem,
  parseList,
  serializeDictionary,
  serializeInnerList,
  serializeItem,
  serializeList,
} from 'structured-headers';
import type { Component } from './component.js';
import { SignatureFault } from './fault.js';

/** Which fields are structured, and how: `sf` may only be used on a field whose type is known (RFC 9421 2.1.1). */
export type StructuredFieldTypes = ReadonlyMap<string, 'dictionary' | 'list' | 'item'>;

const registered: StructuredFieldTypes = new Map([
  ['content-digest', 'dictionary'],
  ['repr-digest', 'dictionary'],
  ['want-content-digest', 'dictionary'],
  ['want-repr-digest', 'dictionary'],
  ['signature', 'dictionary'],
  ['signature-input', 'dictionary'],
  ['accept-signature', 'dictionary'],
  ['priority', 'dictionary'],
  ['cache-status', 'list'],
  ['proxy-status', 'list'],
]);

/**
 * A field's value as a component (RFC 9421 section 2.1), with `sf`, `key` and `bs` applied.
 * Repeated fields arrive joined, so `bs` over several lines gives another base than the signer's and is refused as a
 * wrong signature, never accepted as a right one.
 */
export function fieldValue(
  component: Component,
  headers: Readonly<Record<string, string | undefined>>,
  types: StructuredFieldTypes | undefined,
): string {
  const raw = Object.hasOwn(headers, component.name) ? headers[component.name] : undefined;
  if (raw === undefined) {
    throw new SignatureFault(
      component.name === 'content-digest' ? 'digest-missing' : 'malformed',
      `the signature covers "${component.name}", which the request does not have`,
    );
  }
  const value = raw.replace(/[ \t]*\r\n[ \t]+/g, ' ').trim();
  if (component.parameters.size === 0) return value;
  if (component.parameters.has('bs')) return binary(component, value);
  try {
    const key = component.parameters.get('key');
    return key === undefined ? strict(component, value, types) : member(component, parseDictionary(value), key);
  } catch (cause) {
    if (cause instanceof SignatureFault) throw cause;
    throw new SignatureFault('malformed', `"${component.name}" is not a structured field`, { cause });
  }
}

/** Section 2.1.3. */
function binary(component: Component, value: string): string {
  if (component.parameters.size > 1) {
    throw new SignatureFault('malformed', `${component.identifier}: "bs" excludes "sf" and "key"`);
  }
  return serializeItem(Buffer.from(value, 'latin1'));
}

/** Section 2.1.1. */
function strict(component: Component, value: string, types: StructuredFieldTypes | undefined): string {
  switch (types?.get(component.name) ?? registered.get(component.name)) {
    case 'dictionary':
      return serializeDictionary(parseDictionary(value));
    case 'list':
      return serializeList(parseList(value));
    case 'item':
      return serializeItem(parseItem(value));
    default:
      throw new SignatureFault('unsupported', `"${component.name}" is not known as a structured field`);
  }
}

/** Section 2.1.2. */
function member(component: Component, dictionary: Dictionary, key: unknown): string {
  const found = typeof key === 'string' ? dictionary.get(key) : undefined;
  if (found === undefined) {
    throw new SignatureFault('malformed', `${component.identifier} names no member of the field`);
  }
  return isInnerList(found) ? serializeInnerList(found) : serializeItem(found);
}
