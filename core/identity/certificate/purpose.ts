import type { Certificate } from './certificate.js';
import { loadX509 } from './library.js';

const codeSigning = '1.3.6.1.5.5.7.3.3';

/**
 * Why a certificate may not sign artifacts, for a person; `undefined` when it may (Notary Project, signature
 * specification, "Certificate Requirements" for the signing certificate).
 */
export async function codeSigningFault(certificate: Certificate): Promise<string | undefined> {
  const x509 = await loadX509();
  const parsed = new x509.X509Certificate(Buffer.from(certificate.der));
  const { subject } = certificate;
  const { digitalSignature, keyCertSign } = x509.KeyUsageFlags;
  const usage = parsed.getExtension(x509.KeyUsagesExtension);
  if (!usage?.critical || (usage.usages & digitalSignature) === 0) {
    return `"${subject}" does not say by a critical key usage that it is for signatures`;
  }
  if (parsed.getExtension(x509.BasicConstraintsExtension)?.ca || (usage.usages & keyCertSign) !== 0) {
    return `"${subject}" is an authority, and signs certificates, not artifacts`;
  }
  const purposes = parsed.getExtension(x509.ExtendedKeyUsageExtension)?.usages.map(String);
  // A certificate for other purposes as well is easier to come by, so it is good for none here.
  if (purposes === undefined || purposes.every((one) => one === codeSigning)) return undefined;
  return `"${subject}" is for other purposes than to sign code`;
}
