import { type Certificate, checkValidity, normalSerial } from './certificate.js';
import { CertificateFault } from './fault.js';
import { loadX509 } from './library.js';

/** The path that was found, leaf first and anchor last, or why there is none, for a person. */
export type ChainVerdict =
  | { readonly trusted: true; readonly path: readonly Certificate[] }
  | { readonly trusted: false; readonly reason: string };

export interface ChainOptions {
  /** Serial numbers in hex that are trusted no more, whoever issued them. */
  readonly revoked?: Iterable<string>;
}

/** Certificates in a path, ends included. */
const longestPath = 8;
/** Issuers tried in one search; certificates that cross-sign each other could else keep it busy for long. */
const mostAttempts = 100;
/** basicConstraints, keyUsage, extKeyUsage, subjectAltName: all others that are critical stop us (RFC 5280 4.2). */
const understood: ReadonlySet<string> = new Set(['2.5.29.19', '2.5.29.15', '2.5.29.37', '2.5.29.17']);

/**
 * Whether a chain leads from a certificate to one that we trust (RFC 5280 section 6, without policies and name
 * constraints: who demands those in a critical extension is refused).
 *
 * A certificate that is itself among the anchors is trusted; its purpose (extKeyUsage) is not looked at.
 *
 * @param anchors CA certificates, or certificates that are trusted themselves
 * @param at milliseconds since the epoch
 */
export async function verifyChain(
  leaf: Certificate,
  intermediates: readonly Certificate[],
  anchors: readonly Certificate[],
  at: number,
  options: ChainOptions = {},
): Promise<ChainVerdict> {
  const x509 = await loadX509();
  const trusted = new Set(anchors.map((anchor) => anchor.fingerprint256));
  const revoked = new Set([...(options.revoked ?? [])].map(normalSerial));

  let attempts = 0;
  const extend = (path: readonly Certificate[], last: Certificate): ChainVerdict => {
    const fault = personalFault(last);
    if (fault !== undefined) return { trusted: false, reason: fault };
    if (trusted.has(last.fingerprint256)) return { trusted: true, path };
    if (path.length >= longestPath) return { trusted: false, reason: `the chain is longer than ${longestPath}` };
    const seen = new Set(path.map((certificate) => certificate.fingerprint256));
    let reason = noIssuer(last);
    for (const issuer of [...anchors, ...intermediates]) {
      if (issuer.x509.subject !== last.x509.issuer || seen.has(issuer.fingerprint256)) continue;
      attempts += 1;
      if (attempts > mostAttempts) return { trusted: false, reason: 'there are too many ways to build the chain' };
      const issuerFault = issuingFault(issuer, path);
      const verdict: ChainVerdict =
        issuerFault === undefined ? extend([...path, issuer], issuer) : { trusted: false, reason: issuerFault };
      if (verdict.trusted) return verdict;
      reason = verdict.reason;
    }
    return { trusted: false, reason };
  };

  /** What is wrong with a certificate by itself. */
  const personalFault = (certificate: Certificate): string | undefined => {
    try {
      checkValidity(certificate, at);
      if (revoked.has(certificate.serialNumber)) return `"${certificate.subject}" has been revoked`;
      const critical = read(certificate).extensions.find(
        (extension) => extension.critical && !understood.has(extension.type),
      );
      return (
        critical && `"${certificate.subject}" has the critical extension ${critical.type}, which is not understood`
      );
    } catch (error) {
      return error instanceof CertificateFault
        ? error.message
        : `"${certificate.subject}" has extensions that cannot be read`;
    }
  };

  /** Why an issuer may not have signed the last certificate of a path, or has not. */
  const issuingFault = (issuer: Certificate, path: readonly Certificate[]): string | undefined => {
    const [last] = path.slice(-1);
    const { constraints, usage, digest } = read(issuer, last);
    if (!constraints?.ca) return `"${issuer.subject}" is no certificate authority`;
    if (usage !== undefined && (usage.usages & x509.KeyUsageFlags.keyCertSign) === 0) {
      return `"${issuer.subject}" may not sign certificates`;
    }
    // Self-issued certificates do not count (section 4.2.1.9).
    const between = path.slice(1).filter((certificate) => certificate.x509.subject !== certificate.x509.issuer);
    if (constraints.pathLength !== undefined && between.length > constraints.pathLength) {
      return `"${issuer.subject}" allows ${constraints.pathLength} intermediate certificates, not ${between.length}`;
    }
    if (digest === 'SHA-1' || digest === 'MD5') return `"${last?.subject}" is signed with ${digest}, which is broken`;
    return last?.x509.verify(issuer.x509.publicKey)
      ? undefined
      : `"${last?.subject}" names "${issuer.subject}" as its issuer, but is not signed by it`;
  };

  const read = (certificate: Certificate, signed?: Certificate) => {
    const parsed = new x509.X509Certificate(Buffer.from(certificate.der));
    return {
      extensions: parsed.extensions,
      constraints: parsed.getExtension(x509.BasicConstraintsExtension),
      usage: parsed.getExtension(x509.KeyUsagesExtension) ?? undefined,
      digest: signed && new x509.X509Certificate(Buffer.from(signed.der)).signatureAlgorithm.hash?.name,
    };
  };

  return extend([leaf], leaf);
}

function noIssuer(certificate: Certificate): string {
  return certificate.x509.issuer === certificate.x509.subject
    ? `"${certificate.subject}" is self-signed and not among the trusted certificates`
    : `"${certificate.subject}" is issued by "${certificate.issuer}", which is not among the trusted certificates`;
}
