import type { KeyObject } from 'node:crypto';
import type { SignatureAlgorithm } from './algorithm.js';

/** A key that is not accepted, and why. Holds no key material. */
export class KeyFault extends Error {
  override readonly name = 'KeyFault';
}

/** What a key can do: its name for a person, its algorithms in order of preference, its signature length in bytes. */
export interface KeyKind {
  readonly name: string;
  readonly algorithms: readonly SignatureAlgorithm[];
  readonly signatureLength: number;
}

/** Below, RSA can be broken; above, one verification costs more than a caller may ask for. */
const rsaBits = { least: 2048, most: 8192 };

/** @throws KeyFault for key types, curves and sizes that are not accepted */
export function kindOf(key: KeyObject): KeyKind {
  const details = key.asymmetricKeyDetails;
  switch (key.asymmetricKeyType) {
    case 'ec':
      return curveKind(details?.namedCurve);
    case 'ed25519':
      return { name: 'Ed25519', algorithms: ['ed25519'], signatureLength: 64 };
    case 'rsa':
      return rsaKind(details?.modulusLength ?? 0, ['rsa-pss-sha512', 'rsa-pss-sha256', 'rsa-v1_5-sha256']);
    case 'rsa-pss':
      return rsaKind(details?.modulusLength ?? 0, pssAlgorithms(details?.hashAlgorithm));
    default:
      throw new KeyFault(
        `keys of type ${key.asymmetricKeyType ?? key.type} are not supported; use EC P-256, P-384, Ed25519 or RSA`,
      );
  }
}

function curveKind(curve: string | undefined): KeyKind {
  switch (curve) {
    case 'prime256v1':
      return { name: 'EC P-256', algorithms: ['ecdsa-p256-sha256'], signatureLength: 64 };
    case 'secp384r1':
      return { name: 'EC P-384', algorithms: ['ecdsa-p384-sha384'], signatureLength: 96 };
    default:
      throw new KeyFault(`the curve ${curve ?? 'of this key'} is not supported; use P-256 or P-384`);
  }
}

function rsaKind(bits: number, algorithms: readonly SignatureAlgorithm[]): KeyKind {
  if (bits < rsaBits.least) throw new KeyFault(`an RSA key of ${bits} bits is too short; use ${rsaBits.least} or more`);
  if (bits > rsaBits.most) throw new KeyFault(`an RSA key of ${bits} bits is too long; use ${rsaBits.most} or fewer`);
  return { name: `RSA ${bits}`, algorithms, signatureLength: Math.ceil(bits / 8) };
}

/**
 * A key of type RSASSA-PSS may be bound to one hash and salt (RFC 4055 section 3.1). Those are hardly in use, and
 * OpenSSL refuses to find their salt's length by itself.
 */
function pssAlgorithms(hash: string | undefined): readonly SignatureAlgorithm[] {
  if (hash !== undefined) throw new KeyFault('RSASSA-PSS keys bound to a hash are not supported; use a plain RSA key');
  return ['rsa-pss-sha512', 'rsa-pss-sha256'];
}
