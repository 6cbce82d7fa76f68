import { CertificateFault } from './fault.js';

/** No certificate of a device, and no bundle of CAs, comes near. */
const longest = 256 * 1024;
const pemBlock = /-----BEGIN ([A-Z0-9 ]+)-----([\s\S]*?)-----END \1-----/g;
const base64 = /^[A-Za-z0-9+/_-]+={0,2}$/;

/**
 * Finds the certificates in what a peer sent or a file holds: DER, PEM (RFC 7468), base64 or base64url of either.
 *
 * @returns the DER of each, unread
 * @throws CertificateFault `unreadable`
 */
export function decodeCertificates(input: string | Uint8Array): readonly Uint8Array[] {
  if (input.length > longest) throw new CertificateFault('unreadable', `longer than ${longest} bytes`);
  if (typeof input !== 'string') return isDer(input) ? [input] : decodeText(Buffer.from(input).toString('latin1'));
  return decodeText(input);
}

function decodeText(text: string): readonly Uint8Array[] {
  if (isPem(text)) return decodePem(text);
  const bytes = decodeBase64(text);
  if (isDer(bytes)) return [bytes];
  const inner = bytes.toString('latin1');
  if (isPem(inner)) return decodePem(inner);
  throw new CertificateFault('unreadable', 'neither DER nor PEM, nor base64 of either');
}

function decodePem(text: string): readonly Uint8Array[] {
  const found: Uint8Array[] = [];
  for (const [, label, content] of text.matchAll(pemBlock)) {
    if (label?.endsWith('PRIVATE KEY')) {
      throw new CertificateFault('unreadable', 'it holds a private key, which must not leave its owner');
    }
    if (label === 'CERTIFICATE' || label === 'X509 CERTIFICATE') found.push(decodeBase64(content ?? ''));
  }
  return found;
}

function decodeBase64(text: string): Buffer {
  const compact = text.replace(/\s+/g, '');
  if (!base64.test(compact)) throw new CertificateFault('unreadable', 'neither DER nor PEM, nor base64 of either');
  return Buffer.from(compact, 'base64');
}

/** Everything in X.509 is a SEQUENCE. */
const isDer = (bytes: Uint8Array): boolean => bytes[0] === 0x30;
const isPem = (text: string): boolean => text.includes('-----BEGIN ');
