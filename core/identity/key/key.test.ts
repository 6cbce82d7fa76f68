import { generateKeyPairSync, type KeyObject } from 'node:crypto';
import { inspect } from 'node:util';
import { describe, expect, it } from 'vitest';
import { KeyFault, readPrivateKey, SigningKey, VerificationKey } from './index.js';

const rsa = (modulusLength: number): KeyObject => generateKeyPairSync('rsa', { modulusLength }).publicKey;

describe('VerificationKey', () => {
  it('refuses what is too weak or not supported, and says why', () => {
    const curve = generateKeyPairSync('ec', { namedCurve: 'secp256k1' }).publicKey;
    expect(() => new VerificationKey(rsa(1024))).toThrow('an RSA key of 1024 bits is too short; use 2048 or more');
    expect(() => new VerificationKey(curve)).toThrow('the curve secp256k1 is not supported; use P-256 or P-384');
    expect(() => new VerificationKey(generateKeyPairSync('x25519').publicKey)).toThrow(/type x25519/);
    expect(() => VerificationKey.fromSpki(Buffer.from('junk'))).toThrow(KeyFault);
    expect(() => new VerificationKey(generateKeyPairSync('ed25519').privateKey)).toThrow('a public key is needed');
  });

  it('takes an RSASSA-PSS key that is bound to no hash, and refuses one that is', () => {
    const free = generateKeyPairSync('rsa-pss', { modulusLength: 2048 });
    const data = Buffer.from('x');
    expect(new VerificationKey(free.publicKey).verify(data, new SigningKey(free.privateKey).sign(data))).toBe(
      'rsa-pss-sha512',
    );
    const bound = { modulusLength: 2048, hashAlgorithm: 'sha256', mgf1HashAlgorithm: 'sha256' };
    expect(() => new VerificationKey(generateKeyPairSync('rsa-pss', bound).publicKey)).toThrow('bound to a hash');
  });

  it('answers no, and throws nothing, for bytes that are no signature', () => {
    const keys = [rsa(2048), SigningKey.generate().verificationKey.publicKey];
    for (const key of [...keys, generateKeyPairSync('ed25519').publicKey]) {
      for (const length of [0, 64, 256]) {
        for (const fill of [0, 0xff]) {
          expect(new VerificationKey(key).verify(Buffer.from('x'), Buffer.alloc(length, fill))).toBeUndefined();
        }
      }
    }
  });

  it('survives a round trip through its SPKI with the same thumbprint', () => {
    const key = SigningKey.generate().verificationKey;
    expect(VerificationKey.fromSpki(key.spki).thumbprint).toBe(key.thumbprint);
    expect(key.thumbprint).toMatch(/^[0-9a-f]{64}$/);
  });
});

describe('SigningKey', () => {
  it('refuses an algorithm that does not fit, and text that is no key', () => {
    expect(() => SigningKey.fromPem(SigningKey.generate().exportPem(), 'ed25519')).toThrow(
      'ed25519 does not fit a key of kind EC P-256',
    );
    expect(() => readPrivateKey('secret text')).toThrow(/^not a private key in PEM$/);
  });

  it('does not show its key material when printed', () => {
    const key = SigningKey.generate();
    const d = key.privateKey.export({ format: 'jwk' }).d ?? '';
    expect(d.length).toBeGreaterThan(20);
    for (const shown of [JSON.stringify(key), JSON.stringify({ key }), inspect(key, { depth: 9, showHidden: true })]) {
      expect(shown).not.toContain(d);
      expect(shown).not.toContain('PRIVATE KEY-----');
    }
    expect(JSON.stringify(key)).toContain(key.thumbprint);
  });
});
