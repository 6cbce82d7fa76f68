import { type Parameters, serializeDictionary, serializeParameters } from 'structured-headers';
import type { SigningKey } from '../key/index.js';
import { signatureBase } from './base.js';
import { components } from './component.js';
import { contentDigest } from './content-digest.js';

export interface RequestToSign {
  readonly method: string;
  /** Absolute, as it will be sent. */
  readonly url: string;
  /** Lower-case names; needed for the fields that are to be covered. */
  readonly headers?: Readonly<Record<string, string | undefined>>;
  readonly body?: Uint8Array | undefined;
}

export interface SignOptions {
  /** Unix seconds. */
  readonly created: number;
  /** Unix seconds. */
  readonly expires?: number;
  /** `sig1` unless told. */
  readonly label?: string;
  /** The key's thumbprint unless told. */
  readonly keyid?: string;
  /** Whether to say the algorithm; many verifiers know it from the key and some refuse to be told. */
  readonly alg?: boolean;
  /** Unless told: method, target URI and authority, and the body's digest where there is a body. */
  readonly components?: readonly string[];
}

/**
 * Signs a request (RFC 9421 section 3.1) with its body's digest (RFC 9530).
 *
 * @returns the headers to add, with lower-case names
 * @throws SignatureFault when a component is covered that the request does not have
 */
export function signRequest(request: RequestToSign, signer: SigningKey, options: SignOptions): Record<string, string> {
  const body = request.body?.length ? request.body : undefined;
  const digest = body && { 'content-digest': contentDigest(body) };
  const covered = components(
    options.components ?? ['@method', '@target-uri', '@authority', ...(body ? ['content-digest'] : [])],
  );
  const parameters: Parameters = new Map<string, string | number>([
    ['created', options.created],
    ...(options.expires === undefined ? [] : [['expires', options.expires] as const]),
    ['keyid', options.keyid ?? signer.thumbprint],
    ...(options.alg ? [['alg', signer.algorithm] as const] : []),
  ]);
  const parameterText = serializeParameters(parameters);
  const message = { method: request.method, targetUri: request.url, headers: { ...request.headers, ...digest } };
  const base = signatureBase(message, covered, parameterText);
  const label = options.label ?? 'sig1';
  return {
    ...digest,
    'signature-input': `${label}=${covered.text}${parameterText}`,
    signature: serializeDictionary({ [label]: signer.sign(Buffer.from(base, 'latin1')) }),
  };
}
