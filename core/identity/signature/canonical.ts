import type { SignatureAlgorithm } from '../key/index.js';

/** Orders of the groups (FIPS 186-5, SP 800-186). */
const orders: Partial<Record<SignatureAlgorithm, bigint>> = Object.freeze({
  'ecdsa-p256-sha256': 0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551n,
  'ecdsa-p384-sha384':
    0xffffffffffffffffffffffffffffffffffffffffffffffffc7634d81f4372ddf581a0db248b0a77aecec196accc52973n,
});

/**
 * One form for all the forms of a signature. Of an ECDSA signature (r, s) anybody can make (r, n - s), which is
 * right as well; whoever remembers signatures to notice a replay must remember the one with the smaller s.
 */
export function canonicalSignature(algorithm: SignatureAlgorithm, signature: Uint8Array): Uint8Array {
  const order = orders[algorithm];
  if (order === undefined) return signature;
  const half = signature.length / 2;
  const s = BigInt(`0x${Buffer.from(signature.subarray(half)).toString('hex')}`);
  if (s <= order / 2n) return signature;
  const low = (order - s).toString(16).padStart(half * 2, '0');
  return Buffer.concat([signature.subarray(0, half), Buffer.from(low, 'hex')]);
}
