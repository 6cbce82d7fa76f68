import { createHmac, createPublicKey } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import type { Evidence } from '../../operation/access.js';
import { SigningKey, VerificationKey } from '../key/index.js';
import { type SignedMessage, signatureBase } from './base.js';
import { parseSignature } from './parse.js';
import { signRequest } from './sign.js';
import { verifySignature } from './verify.js';

/** RFC 9421 appendix B: the keys of B.1, the messages and the signatures of B.2. */
const publicKeys = {
  rsaPss: `-----BEGIN PUBLIC KEY-----
MIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8AMIIBCgKCAQEAr4tmm3r20Wd/PbqvP1s2
+QEtvpuRaV8Yq40gjUR8y2Rjxa6dpG2GXHbPfvMs8ct+Lh1GH45x28Rw3Ry53mm+
oAXjyQ86OnDkZ5N8lYbggD4O3w6M6pAvLkhk95AndTrifbIFPNU8PPMO7OyrFAHq
gDsznjPFmTOtCEcN2Z1FpWgchwuYLPL+Wokqltd11nqqzi+bJ9cvSKADYdUAAN5W
Utzdpiy6LbTgSxP7ociU4Tn0g5I6aDZJ7A8Lzo0KSyZYoA485mqcO0GVAdVw9lq4
aOT9v6d+nb4bnNkQVklLQ3fVAvJm+xdDOp9LCNCN48V2pnDOkFV6+U9nV5oyc6XI
2wIDAQAB
-----END PUBLIC KEY-----`,
  p256: `-----BEGIN PUBLIC KEY-----
MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEqIVYZVLCrPZHGHjP17CTW0/+D9Lf
w0EkjqF7xB4FivAxzic30tMM4GF+hR6Dxh71Z50VGGdldkkDXZCnTNnoXQ==
-----END PUBLIC KEY-----`,
  ed25519: `-----BEGIN PUBLIC KEY-----
MCowBQYDK2VwAyEAJrQLj5P/89iXES9+vFgrIy29clF9CC/oPPsw3c5D0bs=
-----END PUBLIC KEY-----`,
};
const ed25519PrivateKey = `-----BEGIN PRIVATE KEY-----
MC4CAQAwBQYDK2VwBCIEIJ+DYvh6SEqVTm50DFtMDoQikTmiCqirVv9mWG9qfSnF
-----END PRIVATE KEY-----`;
const sharedSecret = 'uzvJfB4u3N0Jy4T7NZ75MDVcr8zSTInedJtkgcu46YW4XByzNJjxBdtjUkdJPBtbmHhIDi6pcl8jsasjlTMtDQ==';
const created = 1618884473;

const request: Evidence = {
  method: 'POST',
  targetUri: 'https://example.com/foo?param=Value&Pet=dog',
  headers: {
    host: 'example.com',
    date: 'Tue, 20 Apr 2021 02:07:55 GMT',
    'content-type': 'application/json',
    'content-digest':
      'sha-512=:WZDPaVn/7XgHaAy8pmojAkGWoRx2UFChF41A2svX+TaPm+AbwAgBWnrIiYllu7BNNyealdVLvRwEmTHWXvJwew==:',
    'content-length': '18',
  },
  body: Buffer.from('{"hello": "world"}'),
  params: {},
};
const response: SignedMessage = {
  method: 'POST',
  targetUri: request.targetUri,
  status: 200,
  headers: {
    date: 'Tue, 20 Apr 2021 02:07:56 GMT',
    'content-type': 'application/json',
    'content-digest':
      'sha-512=:mEWXIS7MaLRuGgxOBdODa3xqM1XdEvxoYhvlCFJ41QJgJc4GTsPp29l5oGX69wWdXymyU0rjJuahq4l5aGgfLQ==:',
    'content-length': '23',
  },
};

interface Vector {
  readonly name: string;
  readonly message: SignedMessage;
  readonly key: keyof typeof publicKeys;
  readonly input: string;
  readonly signature: string;
  readonly algorithm: string;
}

const vectors: readonly Vector[] = [
  {
    name: 'B.2.1 minimal, rsa-pss-sha512',
    message: request,
    key: 'rsaPss',
    input: 'sig-b21=();created=1618884473;keyid="test-key-rsa-pss";nonce="b3k2pp5k7z-50gnwp.yemd"',
    signature:
      'sig-b21=:d2pmTvmbncD3xQm8E9ZV2828BjQWGgiwAaw5bAkgibUopemLJcWDy/lkbbHAve4cRAtx31Iq786U7it++wgGxbtRxf8Udx7zFZsckzXaJMkA7ChG52eSkFxykJeNqsrWH5S+oxNFlD4dzVuwe8DhTSja8xxbR/Z2cOGdCbzR72rgFWhzx2VjBqJzsPLMIQKhO4DGezXehhWwE56YCE+O6c0mKZsfxVrogUvA4HELjVKWmAvtl6UnCh8jYzuVG5WSb/QEVPnP5TmcAnLH1g+s++v6d4s8m0gCw1fV5/SITLq9mhho8K3+7EPYTU8IU1bLhdxO5Nyt8C8ssinQ98Xw9Q==:',
    algorithm: 'rsa-pss-sha512',
  },
  {
    name: 'B.2.2 selective, rsa-pss-sha512',
    message: request,
    key: 'rsaPss',
    input:
      'sig-b22=("@authority" "content-digest" "@query-param";name="Pet");created=1618884473;keyid="test-key-rsa-pss";tag="header-example"',
    signature:
      'sig-b22=:LjbtqUbfmvjj5C5kr1Ugj4PmLYvx9wVjZvD9GsTT4F7GrcQEdJzgI9qHxICagShLRiLMlAJjtq6N4CDfKtjvuJyE5qH7KT8UCMkSowOB4+ECxCmT8rtAmj/0PIXxi0A0nxKyB09RNrCQibbUjsLS/2YyFYXEu4TRJQzRw1rLEuEfY17SARYhpTlaqwZVtR8NV7+4UKkjqpcAoFqWFQh62s7Cl+H2fjBSpqfZUJcsIk4N6wiKYd4je2U/lankenQ99PZfB4jY3I5rSV2DSBVkSFsURIjYErOs0tFTQosMTAoxk//0RoKUqiYY8Bh0aaUEb0rQl3/XaVe4bXTugEjHSw==:',
    algorithm: 'rsa-pss-sha512',
  },
  {
    name: 'B.2.3 full coverage, rsa-pss-sha512',
    message: request,
    key: 'rsaPss',
    input:
      'sig-b23=("date" "@method" "@path" "@query" "@authority" "content-type" "content-digest" "content-length");created=1618884473;keyid="test-key-rsa-pss"',
    signature:
      'sig-b23=:bbN8oArOxYoyylQQUU6QYwrTuaxLwjAC9fbY2F6SVWvh0yBiMIRGOnMYwZ/5MR6fb0Kh1rIRASVxFkeGt683+qRpRRU5p2voTp768ZrCUb38K0fUxN0O0iC59DzYx8DFll5GmydPxSmme9v6ULbMFkl+V5B1TP/yPViV7KsLNmvKiLJH1pFkh/aYA2HXXZzNBXmIkoQoLd7YfW91kE9o/CCoC1xMy7JA1ipwvKvfrs65ldmlu9bpG6A9BmzhuzF8Eim5f8ui9eH8LZH896+QIF61ka39VBrohr9iyMUJpvRX2Zbhl5ZJzSRxpJyoEZAFL2FUo5fTIztsDZKEgM4cUA==:',
    algorithm: 'rsa-pss-sha512',
  },
  {
    name: 'B.2.4 response, ecdsa-p256-sha256',
    message: response,
    key: 'p256',
    input:
      'sig-b24=("@status" "content-type" "content-digest" "content-length");created=1618884473;keyid="test-key-ecc-p256"',
    signature: 'sig-b24=:wNmSUAhwb5LxtOtOpNa6W5xj067m5hFrj0XQ4fvpaCLx0NKocgPquLgyahnzDnDAUy5eCdlYUEkLIj+32oiasw==:',
    algorithm: 'ecdsa-p256-sha256',
  },
  {
    name: 'B.2.6 request, ed25519',
    message: request,
    key: 'ed25519',
    input:
      'sig-b26=("date" "@method" "@path" "@authority" "content-type" "content-length");created=1618884473;keyid="test-key-ed25519"',
    signature: 'sig-b26=:wqcAqbmYJ2ji2glfAMaRy4gruYYnx2nEFN2HN6jrnDnQCK1u02Gb04v9EDgwUPiu4A0w6vuQv5lIp5WPpBKRCw==:',
    algorithm: 'ed25519',
  },
];

const keyOf = (name: keyof typeof publicKeys): VerificationKey =>
  new VerificationKey(createPublicKey(publicKeys[name]));

describe('RFC 9421 appendix B.2', () => {
  for (const { name, message, key, input, signature, algorithm } of vectors) {
    it(`${name}: verifies, and not with one bit changed`, () => {
      const parsed = parseSignature({ headers: { 'signature-input': input, signature } });
      const base = signatureBase(message, parsed.covered, parsed.parameters);
      expect(keyOf(key).verify(Buffer.from(base), parsed.signature)).toBe(algorithm);
      const changed = base.replace('1618884473', '1618884472');
      expect(keyOf(key).verify(Buffer.from(changed), parsed.signature)).toBeUndefined();
    });
  }

  it('B.2.2 and B.2.3: the bases are those of the document', () => {
    const bases = [vectors[1], vectors[2]].map((vector) => {
      const parsed = parseSignature({ headers: { 'signature-input': vector?.input, signature: vector?.signature } });
      return signatureBase(request, parsed.covered, parsed.parameters);
    });
    expect(bases[0]?.split('\n')[2]).toBe('"@query-param";name="Pet": dog');
    expect(bases[1]?.split('\n').slice(0, 5)).toEqual([
      '"date": Tue, 20 Apr 2021 02:07:55 GMT',
      '"@method": POST',
      '"@path": /foo',
      '"@query": ?param=Value&Pet=dog',
      '"@authority": example.com',
    ]);
  });

  it('B.2.5 hmac-sha256: the base is right, but shared secrets are not accepted', () => {
    const input = 'sig-b25=("date" "@authority" "content-type");created=1618884473;keyid="test-shared-secret"';
    const signature = 'sig-b25=:pxcQw6G3AjtMBQjwo8XzkZf/bws5LelbaMk5rGIGtE8=:';
    const parsed = parseSignature({ headers: { 'signature-input': input, signature } });
    const base = signatureBase(request, parsed.covered, parsed.parameters);
    const mac = createHmac('sha256', Buffer.from(sharedSecret, 'base64')).update(base).digest();
    expect(Buffer.from(parsed.signature)).toEqual(mac);
    expect(keyOf('p256').verify(Buffer.from(base), parsed.signature)).toBeUndefined();
  });

  it('B.2.6: signing gives the very signature of the document', () => {
    const key = SigningKey.fromPem(ed25519PrivateKey);
    const headers = signRequest({ method: 'POST', url: 'https://example.com/foo', headers: request.headers }, key, {
      created,
      label: 'sig-b26',
      keyid: 'test-key-ed25519',
      components: ['date', '@method', '@path', '@authority', 'content-type', 'content-length'],
    });
    expect(headers['signature-input']).toBe(vectors[4]?.input);
    expect(headers['signature']).toBe(vectors[4]?.signature);
  });

  it('B.2.3 passes the policy with its body, and fails it with another', () => {
    const vector = vectors[2];
    const headers = { ...request.headers, 'signature-input': vector?.input, signature: vector?.signature };
    const evidence = { ...request, headers };
    expect(verifySignature(evidence, keyOf('rsaPss'), {}, created * 1000).algorithm).toBe('rsa-pss-sha512');
    expect(() =>
      verifySignature({ ...evidence, body: Buffer.from('{"hello": "World"}') }, keyOf('rsaPss'), {}, created * 1000),
    ).toThrow(expect.objectContaining({ reason: 'digest-mismatch' }));
  });
});

describe('a request of a device in the field', () => {
  const body = Buffer.from(
    '{"apiVersion":"onboarding.margo.org/v1alpha1","kind":"OnboardingRequest","certificate":"<base64>"}',
  );
  const spki =
    'MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEMh5J8WeVknt1Rtyi0KBUCJGq3mpYRLtMxYCzaD8f5a2ocwejHbzcwzgsvEpBEvGzOjLpRoO/g9xYMo3S7QF6og==';
  const evidence: Evidence = {
    method: 'POST',
    targetUri: 'https://wfm.example.com/api/v1/onboarding',
    headers: {
      'content-digest': 'sha-256=:grfx81plQNKl3LjYkkeWJKQz0kzhOhKUI3IeIUXdkgY=:',
      'signature-input':
        'sig=("@method" "@target-uri" "@authority" "content-digest");created=1760000000;keyid="8a324b103ad74cb9110d95b0d9a01a6bb86af38887d4a6cbd075f51c48ea91fd"',
      signature: 'sig=:DfhO7GTIj05bE8NCly2X0vE8JaAPm3qGXin9LiM+Cskfoxqepw9YVohMIZDWzohcnFM2JmwDx8su5tvN0pKkQw==:',
    },
    body,
    params: {},
  };

  it('verifies, and its key id is the thumbprint of the key', () => {
    const key = VerificationKey.fromSpki(Buffer.from(spki, 'base64'));
    const verified = verifySignature(evidence, key, {}, 1_760_000_000_000);
    expect(verified).toMatchObject({ label: 'sig', algorithm: 'ecdsa-p256-sha256', keyid: key.thumbprint });
    expect(verified.acceptableUntil).toBe(1_760_000_300_000);
  });
});
