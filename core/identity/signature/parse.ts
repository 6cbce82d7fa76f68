import {
  type Dictionary,
  isInnerList,
  type Parameters,
  parseDictionary,
  serializeParameters,
} from 'structured-headers';
import type { Evidence } from '../../operation/access.js';
import { CoveredComponents, component } from './component.js';
import { SignatureFault } from './fault.js';

/** One signature of a request, read but not verified (RFC 9421 sections 2.3 and 4). */
export interface ParsedSignature {
  readonly label: string;
  readonly covered: CoveredComponents;
  /** The signature's own parameters as serialised, in the signer's order: `;created=1;keyid="k"`. */
  readonly parameters: string;
  /** Unix seconds. */
  readonly created: number | undefined;
  /** Unix seconds. */
  readonly expires: number | undefined;
  /** Informational: whose key it is, is known from elsewhere. */
  readonly keyid: string | undefined;
  /** The `alg` parameter, any text. */
  readonly alg: string | undefined;
  readonly signature: Uint8Array;
}

/** Component lists seen before, by the text of Signature-Input up to its `;created=`, label included. */
export type KnownComponents = ReadonlyMap<string, CoveredComponents>;

/** Nothing that is signed honestly comes near. */
const longest = 8192;

/**
 * @param label the one to take; unless given, the request must have exactly one signature
 * @param known makes parsing cheap for component lists that were parsed before
 * @throws SignatureFault `missing`, `malformed`, or `unsupported` for unknown components
 */
export function parseSignature(
  evidence: Pick<Evidence, 'headers'>,
  label?: string,
  known?: KnownComponents,
): ParsedSignature {
  const input = evidence.headers['signature-input'];
  const signature = evidence.headers['signature'];
  if (input === undefined && signature === undefined) {
    throw new SignatureFault('missing', 'the request is not signed: it has no Signature-Input and Signature');
  }
  if (input === undefined) throw new SignatureFault('malformed', 'there is a Signature but no Signature-Input');
  if (signature === undefined) throw new SignatureFault('malformed', 'there is a Signature-Input but no Signature');
  if (input.length > longest || signature.length > longest) {
    throw new SignatureFault('malformed', `Signature-Input or Signature is longer than ${longest} characters`);
  }
  return parseKnown(input, signature, label, known) ?? parseAny(input, signature, label);
}

/** Parameters in the order and form in which common signers write them; everything else takes the general way. */
const usualParameters =
  /^;created=(0|[1-9]\d{0,14})(?:;expires=(0|[1-9]\d{0,14}))?(?:;keyid="([\x20\x21\x23-\x5b\x5d-\x7e]*)")?(?:;alg="([a-z0-9_-]+)")?$/;
const usualBytes = /^[A-Za-z0-9+/]+={0,2}$/;

/** The text of Signature-Input that names the components; the key of {@link KnownComponents}. */
export function componentText(input: string): string | undefined {
  const end = input.indexOf(';created=');
  return end > 0 && usualParameters.test(input.slice(end)) ? input.slice(0, end) : undefined;
}

/**
 * The hot path: the list of components is the same on every poll, and a list that is known as a whole dictionary
 * member followed by well-formed parameters parses to just that.
 */
function parseKnown(
  input: string,
  signature: string,
  wanted: string | undefined,
  known: KnownComponents | undefined,
): ParsedSignature | undefined {
  const end = known === undefined ? -1 : input.indexOf(';created=');
  if (end <= 0) return undefined;
  const covered = known?.get(input.slice(0, end));
  if (covered === undefined) return undefined;
  const parameters = input.slice(end);
  const match = usualParameters.exec(parameters);
  if (match === null) return undefined;
  const label = input.slice(0, input.indexOf('='));
  if (wanted !== undefined && wanted !== label) return undefined;
  const opening = `${label}=:`;
  if (!signature.startsWith(opening) || !signature.endsWith(':')) return undefined;
  const base64 = signature.slice(opening.length, -1);
  if (base64.length % 4 !== 0 || !usualBytes.test(base64)) return undefined;
  const [, created, expires, keyid, alg] = match;
  return {
    label,
    covered,
    parameters,
    created: Number(created),
    expires: expires === undefined ? undefined : Number(expires),
    keyid,
    alg,
    signature: Buffer.from(base64, 'base64'),
  };
}

function parseAny(inputText: string, signatureText: string, wanted: string | undefined): ParsedSignature {
  const inputs = dictionary('Signature-Input', inputText);
  const signatures = dictionary('Signature', signatureText);
  const label = wanted ?? onlyLabel(inputs, signatures);
  const input = inputs.get(label);
  const signature = signatures.get(label);
  if (input === undefined && signature === undefined) {
    throw new SignatureFault('missing', `the request has no signature "${label}"`);
  }
  if (input === undefined || !isInnerList(input)) {
    throw new SignatureFault('malformed', `Signature-Input: "${label}" is not a list of components`);
  }
  const bytes = signature?.[0];
  if (!(bytes instanceof ArrayBuffer)) {
    throw new SignatureFault('malformed', `Signature: "${label}" is not a byte sequence`);
  }
  const [items, parameters] = input;
  return {
    label,
    covered: new CoveredComponents(items.map(component)),
    parameters: serializeParameters(parameters),
    created: integer(parameters, 'created'),
    expires: integer(parameters, 'expires'),
    keyid: text(parameters, 'keyid'),
    alg: text(parameters, 'alg'),
    signature: new Uint8Array(bytes),
  };
}

function dictionary(header: string, value: string): Dictionary {
  try {
    return parseDictionary(value);
  } catch (cause) {
    throw new SignatureFault('malformed', `${header} cannot be read`, { cause });
  }
}

function onlyLabel(inputs: Dictionary, signatures: Dictionary): string {
  const labels = [...new Set([...inputs.keys(), ...signatures.keys()])];
  const [label] = labels;
  if (label === undefined) throw new SignatureFault('missing', 'the request is not signed: Signature-Input is empty');
  if (labels.length > 1) {
    throw new SignatureFault('malformed', `exactly one signature is expected, not ${labels.slice(0, 5).join(', ')}`);
  }
  return label;
}

function integer(parameters: Parameters, name: string): number | undefined {
  const value = parameters.get(name);
  if (value === undefined) return undefined;
  if (typeof value !== 'number' || !Number.isInteger(value) || value < 0) {
    throw new SignatureFault('malformed', `Signature-Input: "${name}" is not a time in Unix seconds`);
  }
  return value;
}

function text(parameters: Parameters, name: string): string | undefined {
  const value = parameters.get(name);
  if (value === undefined) return undefined;
  if (typeof value !== 'string') throw new SignatureFault('malformed', `Signature-Input: "${name}" is not a string`);
  return value;
}
