// The certificate library's own dependency injection asks for it.
import 'reflect-metadata';
import { webcrypto } from 'node:crypto';
import * as x509 from '@peculiar/x509';

const algorithm = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' };
const hour = 3_600_000;

/** A certificate and its private key (PKCS #8), as PEM texts. */
export interface KeyPair {
  readonly certificate: string;
  readonly key: string;
}

/** Whom a certificate names. With `hosts` it is good for a server; for a client it always is. */
export interface Subject {
  readonly name: string;
  /** Kubernetes takes these for the groups of a user. */
  readonly organizations?: readonly string[];
  /** Host names and IP addresses. */
  readonly hosts?: readonly string[];
}

export interface Authority {
  /** PEM of its own certificate. */
  readonly ca: string;
  issue(subject: Subject): Promise<KeyPair>;
}

/** PEM texts of a certificate authority and of a certificate that it signed, which a client may show as well. */
export interface ServerCertificate extends KeyPair {
  readonly ca: string;
}

/** An authority whose certificates, like its own, are good for some hours. */
export async function createAuthority(): Promise<Authority> {
  const keys = await generate();
  const ca = await x509.X509CertificateGenerator.createSelfSigned({
    ...validity(),
    name: 'CN=Test CA',
    keys,
    signingAlgorithm: algorithm,
    extensions: [
      new x509.BasicConstraintsExtension(true, undefined, true),
      new x509.KeyUsagesExtension(x509.KeyUsageFlags.keyCertSign, true),
    ],
  });
  return {
    ca: ca.toString('pem'),
    async issue({ name, organizations = [], hosts = [] }) {
      const own = await generate();
      const names: x509.JsonGeneralNames = hosts.map((value) => ({
        type: /^[\d.]+$/.test(value) ? 'ip' : 'dns',
        value,
      }));
      const usages = [
        x509.ExtendedKeyUsage.clientAuth,
        ...(hosts.length > 0 ? [x509.ExtendedKeyUsage.serverAuth] : []),
      ];
      const certificate = await x509.X509CertificateGenerator.create({
        ...validity(),
        subject: [...organizations.map((organization) => ({ O: [organization] })), { CN: [name] }],
        issuer: ca.subject,
        publicKey: own.publicKey,
        signingKey: keys.privateKey,
        signingAlgorithm: algorithm,
        extensions: [
          ...(names.length > 0 ? [new x509.SubjectAlternativeNameExtension(names)] : []),
          new x509.ExtendedKeyUsageExtension(usages),
        ],
      });
      return { certificate: certificate.toString('pem'), key: await privateKey(own) };
    },
  };
}

/** A certificate for these host names and IP addresses, of an authority made for it alone. */
export async function selfSigned(hosts: readonly string[]): Promise<ServerCertificate> {
  const authority = await createAuthority();
  return { ca: authority.ca, ...(await authority.issue({ name: hosts[0] ?? 'test', hosts })) };
}

/** Keys that sign and check tokens (PKCS #8 and SPKI as PEM). */
export async function signingKeys(): Promise<{ readonly key: string; readonly publicKey: string }> {
  const keys = await generate();
  const spki = await webcrypto.subtle.exportKey('spki', keys.publicKey);
  return { key: await privateKey(keys), publicKey: x509.PemConverter.encode(spki, 'PUBLIC KEY') };
}

function generate(): Promise<webcrypto.CryptoKeyPair> {
  return webcrypto.subtle.generateKey(algorithm, true, ['sign', 'verify']);
}

async function privateKey(keys: webcrypto.CryptoKeyPair): Promise<string> {
  return x509.PemConverter.encode(await webcrypto.subtle.exportKey('pkcs8', keys.privateKey), 'PRIVATE KEY');
}

function validity(): { readonly notBefore: Date; readonly notAfter: Date } {
  return { notBefore: new Date(Date.now() - hour), notAfter: new Date(Date.now() + 12 * hour) };
}
