import { constants, createPrivateKey, createPublicKey, generateKeyPairSync, type KeyObject, sign } from 'node:crypto';
import { recipes, type SignatureAlgorithm } from './algorithm.js';
import { KeyFault } from './key-kind.js';
import { VerificationKey } from './verification-key.js';

/** A private key with the algorithm that it signs with. Prints as its thumbprint, never as key material. */
export class SigningKey {
  readonly verificationKey: VerificationKey;
  readonly algorithm: SignatureAlgorithm;
  readonly #privateKey: KeyObject;

  /**
   * @param algorithm the key's preferred one unless told
   * @throws KeyFault for key types, curves and sizes that are not accepted, or an algorithm that does not fit
   */
  constructor(privateKey: KeyObject, algorithm?: SignatureAlgorithm) {
    if (privateKey.type !== 'private') throw new KeyFault(`a private key is needed, not a ${privateKey.type} one`);
    this.verificationKey = new VerificationKey(createPublicKey(privateKey));
    const preferred = this.verificationKey.algorithms[0];
    const chosen = algorithm ?? preferred;
    if (chosen === undefined || !this.verificationKey.algorithms.includes(chosen)) {
      throw new KeyFault(`${String(chosen)} does not fit a key of kind ${this.verificationKey.kind}`);
    }
    this.algorithm = chosen;
    this.#privateKey = privateKey;
  }

  /** @throws KeyFault when the text holds no private key, or one that is not accepted */
  static fromPem(pem: string, algorithm?: SignatureAlgorithm): SigningKey {
    return new SigningKey(readPrivateKey(pem), algorithm);
  }

  /** A new EC P-256 key. */
  static generate(): SigningKey {
    return new SigningKey(generateKeyPairSync('ec', { namedCurve: 'prime256v1' }).privateKey);
  }

  /** The key id that peers expect: lower-case hex SHA-256 of the SubjectPublicKeyInfo. */
  get thumbprint(): string {
    return this.verificationKey.thumbprint;
  }

  get privateKey(): KeyObject {
    return this.#privateKey;
  }

  /** The private key as PKCS #8 PEM, for a file of mode 0600 and nothing else. */
  exportPem(): string {
    return this.#privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();
  }

  sign(data: Uint8Array): Uint8Array {
    const { hash, ieee, padding } = recipes[this.algorithm];
    return sign(hash, data, {
      key: this.#privateKey,
      ...(ieee && { dsaEncoding: 'ieee-p1363' as const }),
      ...(padding !== undefined && { padding }),
      // RFC 9421 section 3.3.1: the salt is as long as the digest.
      ...(padding === constants.RSA_PKCS1_PSS_PADDING && { saltLength: constants.RSA_PSS_SALTLEN_DIGEST }),
    });
  }

  toJSON(): string {
    return `SigningKey(${this.thumbprint})`;
  }
}

/** @throws KeyFault when the text holds no private key. The text itself gets into no message. */
export function readPrivateKey(pem: string): KeyObject {
  try {
    return createPrivateKey(pem);
  } catch (cause) {
    throw new KeyFault('not a private key in PEM', { cause });
  }
}
