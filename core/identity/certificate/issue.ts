import { randomBytes, webcrypto } from 'node:crypto';
import { isIP } from 'node:net';
import type { Extension, X509Certificate } from '@peculiar/x509';
import { SigningKey, type VerificationKey } from '../key/index.js';
import { type Certificate, parseCertificate } from './certificate.js';
import { loadX509 } from './library.js';

/** A certificate that may sign others, with its key. */
export interface CertificateAuthority {
  readonly certificate: Certificate;
  readonly key: SigningKey;
}

interface Validity {
  /** Milliseconds since the epoch: when the certificate is made. It counts from an hour before, as clocks differ. */
  readonly now: number;
  readonly days?: number;
}

const hour = 3_600_000;
const day = 24 * hour;
/** Names under which a server is always reached from its own machine. */
const ownHosts = ['localhost', '127.0.0.1', '::1'];

/** A root CA that signs end entities only (RFC 5280 section 4.2.1.9, path length 0). Ten years unless told. */
export async function createAuthority(
  request: Validity & { readonly commonName: string; readonly key?: SigningKey },
): Promise<CertificateAuthority> {
  const x509 = await loadX509();
  const key = request.key ?? SigningKey.generate();
  const certificate = await issue(
    { key },
    { name: request.commonName, key: key.verificationKey, now: request.now, days: request.days ?? 3650 },
    [
      new x509.BasicConstraintsExtension(true, 0, true),
      new x509.KeyUsagesExtension(x509.KeyUsageFlags.keyCertSign | x509.KeyUsageFlags.cRLSign, true),
    ],
  );
  return { certificate, key };
}

/** A server certificate for `localhost`, its addresses and the given host names and addresses. 397 days unless told. */
export async function issueServerCertificate(
  authority: CertificateAuthority,
  request: Validity & { readonly hosts?: readonly string[]; readonly key: VerificationKey },
): Promise<Certificate> {
  const x509 = await loadX509();
  const hosts = serverHosts(request.hosts ?? []);
  return issue(
    authority,
    { name: request.hosts?.[0] ?? 'localhost', key: request.key, now: request.now, days: request.days ?? 397 },
    [
      ...endEntity(x509, x509.ExtendedKeyUsage.serverAuth),
      new x509.SubjectAlternativeNameExtension(
        hosts.map((host) => ({ type: isIP(host) ? ('ip' as const) : ('dns' as const), value: host })),
      ),
    ],
  );
}

/** The names that {@link issueServerCertificate} puts into a certificate. */
export function serverHosts(hosts: readonly string[]): readonly string[] {
  return [...new Set([...ownHosts, ...hosts.map((host) => host.toLowerCase())])];
}

/** A client certificate for a device; its common name is the device's name. Five years unless told. */
export async function issueDeviceCertificate(
  authority: CertificateAuthority,
  request: Validity & { readonly name: string; readonly key: VerificationKey },
): Promise<Certificate> {
  const x509 = await loadX509();
  return issue(
    authority,
    { ...request, days: request.days ?? 1825 },
    endEntity(x509, x509.ExtendedKeyUsage.clientAuth),
  );
}

/** The certificate of a device that no CA vouches for. Five years unless told. */
export async function selfSignedDeviceCertificate(
  request: Validity & { readonly name: string; readonly key: SigningKey },
): Promise<Certificate> {
  const x509 = await loadX509();
  const { name, key, now, days = 1825 } = request;
  return issue(
    { key },
    { name, key: key.verificationKey, now, days },
    endEntity(x509, x509.ExtendedKeyUsage.clientAuth),
  );
}

type Library = Awaited<ReturnType<typeof loadX509>>;

function endEntity(x509: Library, usage: string): readonly Extension[] {
  return [
    new x509.BasicConstraintsExtension(false, undefined, true),
    new x509.KeyUsagesExtension(x509.KeyUsageFlags.digitalSignature, true),
    new x509.ExtendedKeyUsageExtension([usage]),
  ];
}

interface Subject {
  readonly name: string;
  readonly key: VerificationKey;
  readonly now: number;
  readonly days: number;
}

/** @param issuer without a certificate the subject signs for itself */
async function issue(
  issuer: { readonly certificate?: Certificate; readonly key: SigningKey },
  { name, key, now, days }: Subject,
  extensions: readonly Extension[],
): Promise<Certificate> {
  const x509 = await loadX509();
  const subject = new x509.Name([{ CN: [{ utf8String: name }] }]);
  const spki = Buffer.from(key.spki);
  const made: X509Certificate = await x509.X509CertificateGenerator.create(
    {
      serialNumber: serialNumber(),
      subject,
      // The very bytes of the issuer's name: chains are built by comparing them.
      issuer: issuer.certificate ? new x509.X509Certificate(Buffer.from(issuer.certificate.der)).subjectName : subject,
      notBefore: wholeSecond(now - hour),
      notAfter: wholeSecond(now + days * day),
      publicKey: spki,
      signingKey: await webKey(issuer.key),
      signingAlgorithm: webAlgorithms(issuer.key).sign,
      extensions: [
        ...extensions,
        await x509.SubjectKeyIdentifierExtension.create(spki, false, webcrypto),
        await x509.AuthorityKeyIdentifierExtension.create(
          Buffer.from(issuer.key.verificationKey.spki),
          false,
          webcrypto,
        ),
      ],
    },
    webcrypto,
  );
  return parseCertificate(new Uint8Array(made.rawData));
}

/** 16 random bytes, positive and without a leading zero byte (RFC 5280 section 4.1.2.2). */
function serialNumber(): string {
  const bytes = randomBytes(16);
  bytes[0] = ((bytes[0] ?? 0) & 0x3f) | 0x40;
  return bytes.toString('hex');
}

/** Certificates know no fractions of a second. */
const wholeSecond = (milliseconds: number): Date => new Date(Math.floor(milliseconds / 1000) * 1000);

interface WebAlgorithms {
  readonly load: { readonly name: string; readonly namedCurve?: string; readonly hash?: string };
  readonly sign: { readonly name: string; readonly hash: string };
}

function webAlgorithms(key: SigningKey): WebAlgorithms {
  switch (key.algorithm) {
    case 'ecdsa-p256-sha256':
      return { load: { name: 'ECDSA', namedCurve: 'P-256' }, sign: { name: 'ECDSA', hash: 'SHA-256' } };
    case 'ecdsa-p384-sha384':
      return { load: { name: 'ECDSA', namedCurve: 'P-384' }, sign: { name: 'ECDSA', hash: 'SHA-384' } };
    case 'ed25519':
      return { load: { name: 'Ed25519' }, sign: { name: 'Ed25519', hash: 'SHA-512' } };
    default: {
      const rsa = { name: 'RSASSA-PKCS1-v1_5', hash: 'SHA-256' };
      return { load: rsa, sign: rsa };
    }
  }
}

function webKey(key: SigningKey): Promise<webcrypto.CryptoKey> {
  const pkcs8 = key.privateKey.export({ type: 'pkcs8', format: 'der' });
  return webcrypto.subtle.importKey('pkcs8', pkcs8, webAlgorithms(key).load, false, ['sign']);
}
