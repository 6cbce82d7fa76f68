import { createHash, X509Certificate } from 'node:crypto';
// Reading a certificate's names loads half of node:tls from within (Node 20). If that comes first, node:tls is left without
// createSecureContext for the rest of the process, and no TLS connection can be made any more.
import 'node:tls';
import { KeyFault, VerificationKey } from '../key/index.js';
import { decodeCertificates } from './encoding.js';
import { CertificateFault } from './fault.js';

/** An X.509 certificate (RFC 5280), parsed once. */
export interface Certificate {
  readonly der: Uint8Array;
  readonly pem: string;
  /** SubjectPublicKeyInfo in DER. */
  readonly spki: Uint8Array;
  /** One line, most significant part first: `O=Plant A, CN=press-7`. */
  readonly subject: string;
  readonly issuer: string;
  /** The subject's common name, without control characters. */
  readonly commonName: string | undefined;
  /** Lower-case hex without leading zeros. */
  readonly serialNumber: string;
  readonly notBefore: Date;
  readonly notAfter: Date;
  /** Lower-case hex SHA-256 of the DER. */
  readonly fingerprint256: string;
  readonly key: VerificationKey;
  readonly x509: X509Certificate;
}

/**
 * Reads exactly one certificate in any of the forms that peers send: DER, PEM, and base64 or base64url of either.
 *
 * @param at milliseconds since the epoch; when given, the certificate must be valid then
 * @throws CertificateFault
 */
export function parseCertificate(input: string | Uint8Array, at?: number): Certificate {
  const [first, ...more] = decodeCertificates(input);
  if (first === undefined) throw new CertificateFault('unreadable', 'there is no certificate in it');
  if (more.length > 0) {
    throw new CertificateFault('several', `exactly one certificate is expected, not ${more.length + 1}`);
  }
  const certificate = fromDer(first);
  if (at !== undefined) checkValidity(certificate, at);
  return certificate;
}

/**
 * Reads a bundle: any number of certificates in the forms of {@link parseCertificate}, at least one.
 *
 * @throws CertificateFault
 */
export function parseCertificates(input: string | Uint8Array): readonly Certificate[] {
  const all = decodeCertificates(input);
  if (all.length === 0) throw new CertificateFault('unreadable', 'there is no certificate in it');
  return all.map(fromDer);
}

/**
 * @param at milliseconds since the epoch
 * @throws CertificateFault `not-yet-valid` or `expired`
 */
export function checkValidity(certificate: Certificate, at: number): void {
  const { subject, notBefore, notAfter } = certificate;
  if (at < notBefore.getTime()) {
    throw new CertificateFault('not-yet-valid', `"${subject}" is not valid before ${notBefore.toISOString()}`);
  }
  if (at > notAfter.getTime()) {
    throw new CertificateFault('expired', `"${subject}" has expired at ${notAfter.toISOString()}`);
  }
}

function fromDer(der: Uint8Array): Certificate {
  const x509 = read(der);
  const key = keyOf(x509);
  return {
    der: x509.raw,
    pem: x509.toString(),
    spki: key.spki,
    subject: oneLine(x509.subject),
    issuer: oneLine(x509.issuer),
    commonName: commonNameOf(x509),
    serialNumber: normalSerial(x509.serialNumber),
    notBefore: new Date(x509.validFrom),
    notAfter: new Date(x509.validTo),
    fingerprint256: createHash('sha256').update(x509.raw).digest('hex'),
    key,
    x509,
  };
}

function read(der: Uint8Array): X509Certificate {
  let x509: X509Certificate;
  try {
    x509 = new X509Certificate(der);
  } catch (cause) {
    throw new CertificateFault('unreadable', 'not an X.509 certificate', { cause });
  }
  // OpenSSL stops after the first certificate; what follows it would be outside of every check.
  const rest = der.subarray(x509.raw.length);
  if (rest[0] === 0x30) throw new CertificateFault('several', 'exactly one certificate is expected, not several');
  if (rest.length > 0) throw new CertificateFault('unreadable', 'there is something behind the certificate');
  return x509;
}

function keyOf(x509: X509Certificate): VerificationKey {
  try {
    return new VerificationKey(x509.publicKey);
  } catch (cause) {
    const why = cause instanceof KeyFault ? cause.message : 'its public key cannot be read';
    throw new CertificateFault('unsupported-key', `"${oneLine(x509.subject)}": ${why}`, { cause });
  }
}

/** Serial numbers as they are compared: lower-case hex without separators and leading zeros. */
export function normalSerial(serial: string): string {
  return serial
    .replaceAll(':', '')
    .toLowerCase()
    .replace(/^0+(?=.)/, '');
}

/** Node writes one attribute a line, and nothing at all for an empty name. */
function oneLine(name: string | undefined): string {
  return name?.replaceAll('\n', ', ') ?? '';
}

function commonNameOf(x509: X509Certificate): string | undefined {
  const names: unknown = x509.toLegacyObject().subject?.CN;
  const name: unknown = Array.isArray(names) ? names.at(-1) : names;
  return typeof name === 'string' ? name.replace(/\p{Cc}/gu, '') : undefined;
}
