import { constants, createHash, createPublicKey, generateKeyPairSync, type KeyObject, sign } from 'node:crypto';

/** How a device signs: its key's kind and its algorithm. All with node:crypto alone. */
export const schemes = {
  'ecdsa-p256-sha256': ['p256', (key, data) => sign('sha256', data, { key, dsaEncoding: 'ieee-p1363' })],
  'ecdsa-p384-sha384': ['p384', (key, data) => sign('sha384', data, { key, dsaEncoding: 'ieee-p1363' })],
  ed25519: ['ed25519', (key, data) => sign(null, data, key)],
  'rsa-pss-sha512': [
    'rsa',
    (key, data) => sign('sha512', data, { key, padding: constants.RSA_PKCS1_PSS_PADDING, saltLength: 64 }),
  ],
  'rsa-pss-sha256': [
    'rsa',
    (key, data) => sign('sha256', data, { key, padding: constants.RSA_PKCS1_PSS_PADDING, saltLength: 32 }),
  ],
  'rsa-v1_5-sha256': ['rsa', (key, data) => sign('sha256', data, { key, padding: constants.RSA_PKCS1_PADDING })],
} as const satisfies Record<string, readonly [string, (key: KeyObject, data: Uint8Array) => Buffer]>;

export type Scheme = keyof typeof schemes;

export interface DeviceKey {
  readonly scheme: Scheme;
  readonly privateKey: KeyObject;
  /** SubjectPublicKeyInfo, DER. */
  readonly spki: Buffer;
  /** Lower-case hex SHA-256 of the SPKI, as the sandbox names its keys. */
  readonly keyid: string;
  sign(base: string): Buffer;
}

export function generateKey(scheme: Scheme = 'ecdsa-p256-sha256'): DeviceKey {
  const [kind, signWith] = schemes[scheme];
  const privateKey = generate(kind);
  const spki = publicKeyOf(privateKey);
  const keyid = createHash('sha256').update(spki).digest('hex');
  return { scheme, privateKey, spki, keyid, sign: (base) => signWith(privateKey, Buffer.from(base, 'latin1')) };
}

function generate(kind: (typeof schemes)[Scheme][0]): KeyObject {
  switch (kind) {
    case 'p256':
      return generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey;
    case 'p384':
      return generateKeyPairSync('ec', { namedCurve: 'P-384' }).privateKey;
    case 'ed25519':
      return generateKeyPairSync('ed25519').privateKey;
    case 'rsa':
      return generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey;
  }
}

function publicKeyOf(privateKey: KeyObject): Buffer {
  return createPublicKey(privateKey).export({ type: 'spki', format: 'der' });
}
