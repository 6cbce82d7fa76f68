// The certificate library's own dependency injection asks for it.
import 'reflect-metadata';
import { randomBytes, webcrypto } from 'node:crypto';
import * as x509 from '@peculiar/x509';
import type { DeviceKey } from './keys.js';

const algorithm = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' };
const hour = 3_600_000;

export interface Validity {
  /** Milliseconds from now. */
  readonly from?: number;
  readonly to?: number;
}

/** A certificate authority for devices, made by the test and known to no code of ours. */
export interface DeviceAuthority {
  readonly pem: string;
  /** PEM of a certificate for this key. */
  issue(key: DeviceKey, name: string, validity?: Validity): Promise<string>;
}

export async function createAuthority(name = 'Test device CA'): Promise<DeviceAuthority> {
  const keys = await webcrypto.subtle.generateKey(algorithm, true, ['sign', 'verify']);
  const ca = await x509.X509CertificateGenerator.createSelfSigned({
    serialNumber: serial(),
    name: `CN=${name}`,
    notBefore: new Date(Date.now() - hour),
    notAfter: new Date(Date.now() + 24 * hour),
    keys,
    signingAlgorithm: algorithm,
    extensions: [
      new x509.BasicConstraintsExtension(true, undefined, true),
      new x509.KeyUsagesExtension(x509.KeyUsageFlags.keyCertSign, true),
    ],
  });
  return {
    pem: ca.toString('pem'),
    issue: async (key, subject, { from = -hour, to = hour } = {}) => {
      const certificate = await x509.X509CertificateGenerator.create({
        serialNumber: serial(),
        subject: `CN=${subject}`,
        issuer: ca.subject,
        notBefore: new Date(Date.now() + from),
        notAfter: new Date(Date.now() + to),
        publicKey: new x509.PublicKey(key.spki),
        signingKey: keys.privateKey,
        signingAlgorithm: algorithm,
      });
      return certificate.toString('pem');
    },
  };
}

function serial(): string {
  return `01${randomBytes(8).toString('hex')}`;
}

/** base64 of the DER: what the first preview's prose asks for. */
export function base64Der(pem: string): string {
  return pem.replaceAll(/-----[A-Z ]+-----|\s/g, '');
}
