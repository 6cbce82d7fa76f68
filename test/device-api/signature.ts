import { createHash } from 'node:crypto';
import type { DeviceKey } from './keys.js';

/** What is sent, as the signature sees it. */
export interface ToSign {
  readonly method: string;
  /** Absolute. */
  readonly targetUri: string;
  readonly body?: Uint8Array | undefined;
}

export interface SigningOptions {
  readonly label?: string;
  readonly components?: readonly string[];
  /** Unix seconds. */
  readonly created?: number | undefined;
  readonly keyid?: string;
  /** Further parameters as they stand: `;alg="ed25519"`. */
  readonly parameters?: string;
  /** In the place of the digest of the body. */
  readonly digest?: string;
  /** Components and their values beside those that every message has. */
  readonly values?: Readonly<Record<string, string>>;
}

export type SignatureHeaders = Readonly<Record<string, string>>;

/**
 * Signs a request by the letter of RFC 9421 sections 2.5 and 3.1, with nothing of the code under test.
 * Covers what the sandbox covers unless told.
 */
export function signatureHeaders(key: DeviceKey, message: ToSign, options: SigningOptions = {}): SignatureHeaders {
  const { method, targetUri, body } = message;
  const { label = 'sig1', keyid = key.keyid, parameters = '' } = options;
  const created = 'created' in options ? options.created : Math.floor(Date.now() / 1000);
  const url = new URL(targetUri);
  const digest = options.digest ?? (body && `sha-256=:${createHash('sha256').update(body).digest('base64')}:`);
  const values: Record<string, string | undefined> = {
    '@method': method,
    '@target-uri': targetUri,
    '@authority': url.host,
    '@scheme': url.protocol.slice(0, -1),
    '@path': targetUri.slice(url.origin.length).split('?')[0],
    '@query': url.search === '' ? '?' : url.search,
    'content-digest': digest,
    ...options.values,
  };
  const usual = ['@method', '@target-uri', '@authority', ...(body ? ['content-digest'] : [])];
  const components = options.components ?? usual;
  const time = created === undefined ? '' : `;created=${created}`;
  const input = `(${components.map((name) => `"${name}"`).join(' ')})${time};keyid="${keyid}"${parameters}`;
  const lines = components.map((name) => `"${name}": ${values[name] ?? ''}`);
  const base = [...lines, `"@signature-params": ${input}`].join('\n');
  return {
    ...(digest !== undefined && { 'Content-Digest': digest }),
    'Signature-Input': `${label}=${input}`,
    Signature: `${label}=:${key.sign(base).toString('base64')}:`,
  };
}
