import type { JWSHeaderParameters } from 'jose';
import { type Certificate, CertificateFault, parseCertificate } from '../../../core/identity/index.js';
import { z } from '../../../core/plugin/index.js';

// The JWS envelope of the Notary Project: github.com/notaryproject/specifications, signature-envelope-jws.md.

/** A chain that is longer than this is none; each one costs something to read. */
const mostCertificates = 10;
const algorithms = ['ES256', 'ES384', 'ES512', 'PS256', 'PS384', 'PS512'];
const critical = {
  'io.cncf.notary.signingScheme': true,
  'io.cncf.notary.expiry': true,
  'io.cncf.notary.authenticSigningTime': true,
};

const flattened = z.object({
  payload: z.string(),
  protected: z.string(),
  signature: z.string(),
  header: z.object({ x5c: z.array(z.string()).min(1).max(mostCertificates) }),
});
const time = z.iso.datetime({ offset: true }).transform((text) => Date.parse(text));
const attributes = z.object({
  crit: z.array(z.string()),
  cty: z.string(),
  'io.cncf.notary.signingScheme': z.string(),
  'io.cncf.notary.signingTime': time.optional(),
  'io.cncf.notary.expiry': time.optional(),
});

/** A signature as it came: nothing of it is to be believed. */
export interface Envelope {
  readonly jws: z.output<typeof flattened>;
  /** As the signer says, from the certificate of its key to the authority's. */
  readonly chain: readonly [Certificate, ...Certificate[]];
}

/** What a signer has signed. All times in milliseconds since the epoch. */
export interface Signed {
  readonly scheme: string;
  readonly contentType: string;
  readonly signedAt: number | undefined;
  readonly expiresAt: number | undefined;
  readonly payload: Uint8Array;
}

/** Why something is no good signature. The message goes on from `one`, for a person. */
export class EnvelopeFault extends Error {
  override readonly name = 'EnvelopeFault';
}

/** @throws EnvelopeFault */
export function readEnvelope(bytes: Uint8Array): Envelope {
  try {
    const jws = flattened.parse(JSON.parse(Buffer.from(bytes).toString('utf8')));
    const [leaf, ...others] = jws.header.x5c.map((text) => parseCertificate(text));
    if (leaf) return { jws, chain: [leaf, ...others] };
  } catch (cause) {
    if (cause instanceof CertificateFault)
      throw new EnvelopeFault(`comes with a certificate that cannot be used: ${cause.message}`, { cause });
    throw new EnvelopeFault('cannot be read', { cause });
  }
  throw new EnvelopeFault('comes without a certificate');
}

/**
 * What the owner of the first certificate has signed; whether that one is to be trusted is for the caller to know.
 * @throws EnvelopeFault
 */
export async function openEnvelope({ jws, chain: [leaf] }: Envelope): Promise<Signed> {
  // Loaded with the first signature, so that a host is ready without it.
  const { errors, flattenedVerify } = await import('jose');
  let header: JWSHeaderParameters | undefined;
  let payload: Uint8Array;
  try {
    const opened = await flattenedVerify(jws, leaf.x509.publicKey, { algorithms, crit: critical });
    [header, payload] = [opened.protectedHeader, opened.payload];
  } catch (cause) {
    if (cause instanceof errors.JWSSignatureVerificationFailed)
      throw new EnvelopeFault('was changed after it was signed', { cause });
    const why = cause instanceof Error ? cause.message : String(cause);
    throw new EnvelopeFault(`cannot be verified: ${why}`, { cause });
  }
  const read = attributes.safeParse(header);
  if (!read.success || !read.data.crit.includes('io.cncf.notary.signingScheme'))
    throw new EnvelopeFault('does not say how it was signed');
  const { cty, ...notary } = read.data;
  return {
    scheme: notary['io.cncf.notary.signingScheme'],
    contentType: cty,
    signedAt: notary['io.cncf.notary.signingTime'],
    expiresAt: notary['io.cncf.notary.expiry'],
    payload,
  };
}
