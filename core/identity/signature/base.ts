import type { Component, CoveredComponents } from './component.js';
import { SignatureFault } from './fault.js';
import { fieldValue, type StructuredFieldTypes } from './field.js';
import { splitTargetUri, type TargetParts } from './target-uri.js';

/** The parts of a message that can be signed. A response has `status` beside the fields (RFC 9421 section 2.2.9). */
export interface SignedMessage {
  readonly method: string;
  readonly targetUri: string;
  /** Lower-case name to value; repeated fields joined with `, `. */
  readonly headers: Readonly<Record<string, string | undefined>>;
  readonly status?: number;
}

/** A line break in a value would let it forge further lines; other bytes have no defined encoding (section 2.5). */
const unsafe = /[^\t\x20-\x7e]/;

/**
 * The signature base (RFC 9421 section 2.5): the exact text that is signed.
 *
 * @param parameters the signature's own parameters as serialised: `;created=1;keyid="k"`
 * @throws SignatureFault `malformed` when the message lacks a covered component, `digest-missing` when that one is
 *   Content-Digest, `unsupported` for a component that is not known
 */
export function signatureBase(
  message: SignedMessage,
  covered: CoveredComponents,
  parameters: string,
  fieldTypes?: StructuredFieldTypes,
): string {
  let base = '';
  let parts: TargetParts | undefined;
  const target = (): TargetParts => {
    parts ??= splitTargetUri(message.targetUri);
    return parts;
  };
  for (const component of covered.components) {
    const value = componentValue(component, message, target, fieldTypes);
    if (unsafe.test(value)) {
      throw new SignatureFault('malformed', `${component.identifier} has a value that cannot be signed`);
    }
    base += `${component.identifier}: ${value}\n`;
  }
  return `${base}"@signature-params": ${covered.text}${parameters}`;
}

function componentValue(
  component: Component,
  message: SignedMessage,
  target: () => TargetParts,
  fieldTypes: StructuredFieldTypes | undefined,
): string {
  switch (component.name) {
    case '@method':
      return message.method;
    case '@target-uri':
      return withoutFragment(message.targetUri);
    case '@authority':
      return target().authority;
    case '@scheme':
      return target().scheme;
    case '@path':
      return target().path;
    case '@query':
      return target().query;
    case '@request-target':
      return target().hasQuery ? target().path + target().query : target().path;
    case '@query-param':
      return queryParameter(component, target());
    case '@status':
      if (message.status === undefined) throw new SignatureFault('malformed', 'a request has no "@status"');
      return String(message.status);
    default:
      return fieldValue(component, message.headers, fieldTypes);
  }
}

function withoutFragment(uri: string): string {
  const hash = uri.indexOf('#');
  return hash === -1 ? uri : uri.slice(0, hash);
}

/** RFC 9421 section 2.2.8: decoded as a form, the one value encoded again. */
function queryParameter(component: Component, target: TargetParts): string {
  const name = component.parameters.get('name');
  if (typeof name !== 'string') throw new SignatureFault('malformed', '"@query-param" needs the parameter "name"');
  const values: string[] = [];
  for (const [key, value] of new URLSearchParams(target.query)) {
    if (percentEncode(key) === name) values.push(value);
  }
  const [value] = values;
  if (value === undefined || values.length > 1) {
    throw new SignatureFault('malformed', `the query must have the parameter "${name}" exactly once to be covered`);
  }
  return percentEncode(value);
}

/** The application/x-www-form-urlencoded percent-encode set, with `%20` for a space. */
function percentEncode(text: string): string {
  return encodeURIComponent(text).replace(
    /[!'()~]/g,
    (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`,
  );
}
