import { constants } from 'node:crypto';

/**
 * HTTP signature algorithms that are accepted: RFC 9421 section 6.2.2 without the symmetric one, and
 * `rsa-pss-sha256`, which is not registered but seen in the field.
 */
export const signatureAlgorithms = [
  'ecdsa-p256-sha256',
  'ecdsa-p384-sha384',
  'ed25519',
  'rsa-pss-sha512',
  'rsa-pss-sha256',
  'rsa-v1_5-sha256',
] as const;
export type SignatureAlgorithm = (typeof signatureAlgorithms)[number];

/** How node:crypto is asked for an algorithm. */
interface Recipe {
  readonly hash: string | null;
  readonly ieee?: true;
  readonly padding?: number;
}

export const recipes: Readonly<Record<SignatureAlgorithm, Recipe>> = Object.freeze({
  'ecdsa-p256-sha256': { hash: 'sha256', ieee: true },
  'ecdsa-p384-sha384': { hash: 'sha384', ieee: true },
  ed25519: { hash: null },
  'rsa-pss-sha512': { hash: 'sha512', padding: constants.RSA_PKCS1_PSS_PADDING },
  'rsa-pss-sha256': { hash: 'sha256', padding: constants.RSA_PKCS1_PSS_PADDING },
  'rsa-v1_5-sha256': { hash: 'sha256', padding: constants.RSA_PKCS1_PADDING },
});

export function isSignatureAlgorithm(name: string): name is SignatureAlgorithm {
  return Object.hasOwn(recipes, name);
}
