import { createHash, createPublicKey, type KeyObject, type VerifyKeyObjectInput, verify } from 'node:crypto';
import { recipes, type SignatureAlgorithm } from './algorithm.js';
import { KeyFault, kindOf } from './key-kind.js';

interface Attempt {
  readonly algorithm: SignatureAlgorithm;
  readonly hash: string | null;
  readonly input: VerifyKeyObjectInput;
}

/** A public key, parsed and checked once and used for as long as its owner is known. */
export class VerificationKey {
  /** Lower-case hex SHA-256 of the SubjectPublicKeyInfo in DER. */
  readonly thumbprint: string;
  /** SubjectPublicKeyInfo in DER (RFC 5280 section 4.1.2.7). */
  readonly spki: Uint8Array;
  /** For a person: `EC P-256`, `RSA 3072`. */
  readonly kind: string;
  readonly algorithms: readonly SignatureAlgorithm[];
  /** In the order to try: the one that worked last comes first, so that an RSA signer costs one attempt. */
  #attempts: readonly Attempt[];
  readonly #signatureLength: number;

  /** @throws KeyFault for key types, curves and sizes that are not accepted */
  constructor(readonly publicKey: KeyObject) {
    if (publicKey.type !== 'public') throw new KeyFault(`a public key is needed, not a ${publicKey.type} one`);
    const kind = kindOf(publicKey);
    this.spki = publicKey.export({ type: 'spki', format: 'der' });
    this.thumbprint = createHash('sha256').update(this.spki).digest('hex');
    this.kind = kind.name;
    this.algorithms = kind.algorithms;
    this.#signatureLength = kind.signatureLength;
    this.#attempts = kind.algorithms.map((algorithm) => attempt(publicKey, algorithm));
  }

  /**
   * @param spki SubjectPublicKeyInfo in DER
   * @throws KeyFault when it is none, or of a kind that is not accepted
   */
  static fromSpki(spki: Uint8Array): VerificationKey {
    return new VerificationKey(readPublicKey(spki));
  }

  /**
   * Synchronous on purpose: on one core a verification in the thread pool costs more and delays as much.
   *
   * @param algorithm the only one to try; unless given, all that fit the key
   * @returns the algorithm under which the signature is right, `undefined` when there is none
   */
  verify(data: Uint8Array, signature: Uint8Array, algorithm?: SignatureAlgorithm): SignatureAlgorithm | undefined {
    if (signature.length !== this.#signatureLength) return undefined;
    for (const candidate of this.#attempts) {
      if (algorithm !== undefined && algorithm !== candidate.algorithm) continue;
      if (!verify(candidate.hash, data, candidate.input, signature)) continue;
      if (candidate !== this.#attempts[0]) {
        this.#attempts = [candidate, ...this.#attempts.filter((other) => other !== candidate)];
      }
      return candidate.algorithm;
    }
    return undefined;
  }
}

function attempt(key: KeyObject, algorithm: SignatureAlgorithm): Attempt {
  const { hash, ieee, padding } = recipes[algorithm];
  return {
    algorithm,
    hash,
    input: { key, ...(ieee && { dsaEncoding: 'ieee-p1363' as const }), ...(padding !== undefined && { padding }) },
  };
}

function readPublicKey(spki: Uint8Array): KeyObject {
  try {
    return createPublicKey({ key: Buffer.from(spki), format: 'der', type: 'spki' });
  } catch (cause) {
    throw new KeyFault('not a public key (SubjectPublicKeyInfo in DER)', { cause });
  }
}
