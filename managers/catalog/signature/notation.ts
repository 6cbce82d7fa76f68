import { type Certificate, codeSigningFault, verifyChain } from '../../../core/identity/index.js';
import { z } from '../../../core/plugin/index.js';
import { type ArtifactRegistry, type Descriptor, type RegistryCall, RegistryFault } from '../../../core/ports/index.js';
import type { PackageSource } from '../index.js';
import { brokenSignature } from './broken.js';
import { EnvelopeFault, openEnvelope, readEnvelope, type Signed } from './envelope.js';

// Notation's signatures: github.com/notaryproject/specifications, signature-specification.md. Whether a certificate was
// revoked is not asked of its authority, and timestamps of others (RFC 3161) are not looked at: certificates must be
// valid now.

const signatureType = 'application/vnd.cncf.notary.signature';
const payloadType = 'application/vnd.cncf.notary.payload.v1+json';
const [jws, cose] = ['application/jose+json', 'application/cose'];
/** Of one package; somebody may have put any number there. */
const mostSignatures = 32;
const envelopeLimit = 256 * 1024;

const attribute = (meaning: string) => z.string().min(1).optional().describe(meaning);
export const subjectName = z.strictObject({
  CN: attribute('Common name'),
  O: attribute('Organization'),
  OU: attribute('Organizational unit'),
  L: attribute('Locality'),
  ST: attribute('State or province'),
  C: attribute('Country, of two letters'),
});

/** Whose signatures count. */
export interface NotationTrust {
  /** Of authorities, or of signers themselves. */
  readonly certificates: readonly Certificate[];
  /** What the name of a signer must say, by one of them; `undefined`: any name will do. */
  readonly subjects: readonly z.output<typeof subjectName>[] | undefined;
}

const payload = z.object({
  targetArtifact: z.object({ mediaType: z.string(), digest: z.string(), size: z.int() }),
});

/**
 * Whether somebody whom we trust has signed a package, by the signatures that refer to it in its repository.
 *
 * @param now milliseconds since the epoch
 * @returns `undefined` when somebody has, else why not, for a person
 * @throws RegistryFault when the registry does not say whether there are signatures
 */
export async function notationRefusal(
  registry: ArtifactRegistry,
  { registry: host, repository }: PackageSource,
  artifact: Descriptor,
  trust: NotationTrust,
  now: number,
  call: RegistryCall,
): Promise<string | undefined> {
  if (!registry.referrers) return 'the provider of this registry cannot look for signatures of Notation';
  const place = { registry: host, repository };
  const signatures = await registry.referrers({ ...place, digest: artifact.digest }, signatureType, call);
  if (signatures.length === 0) return `it is not signed: no signature of Notation refers to ${artifact.digest}`;
  const refusals = new Set<string>();
  for (const { digest } of signatures.slice(0, mostSignatures)) {
    try {
      const bytes = await fetchEnvelope(registry, { ...place, digest }, call);
      const refusal = await envelopeRefusal(bytes, artifact, trust, now);
      if (refusal === undefined) return undefined;
      refusals.add(refusal);
    } catch (error) {
      refusals.add(brokenSignature(error));
    }
  }
  return `no signature of it counts: ${[...refusals].join('; ')}`;
}

async function fetchEnvelope(
  registry: ArtifactRegistry,
  at: Pick<PackageSource, 'registry' | 'repository' | 'digest'>,
  call: RegistryCall,
): Promise<Uint8Array> {
  const { manifest } = await registry.resolve(at, call);
  const [envelope, ...others] = manifest.layers;
  if (envelope?.mediaType === jws && others.length === 0) return registry.fetch(at, envelope, envelopeLimit, call);
  const why = envelope?.mediaType === cose ? 'its envelope is COSE, and JWS alone is taken' : 'it holds no envelope';
  throw new RegistryFault('invalid', `${at.repository}@${at.digest}: ${why}`);
}

/** @returns `undefined` when somebody whom we trust has signed this artifact */
export async function envelopeRefusal(
  bytes: Uint8Array,
  artifact: Descriptor,
  trust: NotationTrust,
  now: number,
): Promise<string | undefined> {
  try {
    const envelope = readEnvelope(bytes);
    // What is signed is believed only once it is known who signed it.
    const who = await signerFault(envelope.chain, trust, now);
    if (who !== undefined) return `one is not by a signer of the policy: ${who}`;
    const signed = await openEnvelope(envelope);
    const [{ notBefore, notAfter }] = envelope.chain;
    return (
      signedFault(signed, { from: notBefore.getTime(), to: notAfter.getTime() }, now) ?? artifactFault(signed, artifact)
    );
  } catch (error) {
    if (error instanceof EnvelopeFault) return `one ${error.message}`;
    throw error;
  }
}

async function signerFault(
  [leaf, ...others]: readonly [Certificate, ...Certificate[]],
  { certificates, subjects }: NotationTrust,
  now: number,
): Promise<string | undefined> {
  const verdict = await verifyChain(leaf, others, certificates, now);
  if (!verdict.trusted) return verdict.reason;
  const name: Readonly<Record<string, unknown>> = { ...leaf.x509.toLegacyObject().subject };
  const says = (subject: z.output<typeof subjectName>): boolean =>
    Object.entries(subject).every(([attribute, value]) => value === undefined || name[attribute] === value);
  if (subjects && !subjects.some(says)) return `"${leaf.subject}" is none of its subjects`;
  return codeSigningFault(leaf);
}

function signedFault(
  { scheme, contentType, signedAt, expiresAt }: Signed,
  valid: { readonly from: number; readonly to: number },
  now: number,
): string | undefined {
  if (scheme !== 'notary.x509') return `one is of the scheme ${scheme}, and notary.x509 alone is taken`;
  if (contentType !== payloadType) return 'one is of something else than an artifact';
  if (signedAt === undefined) return 'one does not say when it was made';
  if (signedAt < valid.from || signedAt > valid.to) return 'one was made when its certificate was not valid';
  if (expiresAt !== undefined && expiresAt <= now) return `one has expired at ${new Date(expiresAt).toISOString()}`;
  return undefined;
}

function artifactFault(signed: Signed, { mediaType, digest, size }: Descriptor): string | undefined {
  const target = readTarget(signed.payload);
  if (target === undefined) return 'one is of something else than an artifact';
  if (target.digest !== digest) return `one is of another artifact, ${target.digest}`;
  if (target.mediaType === mediaType && target.size === size) return undefined;
  return `one is of ${target.size} bytes of ${target.mediaType}, not of ${size} bytes of ${mediaType}`;
}

function readTarget(bytes: Uint8Array): z.output<typeof payload>['targetArtifact'] | undefined {
  try {
    return payload.parse(JSON.parse(Buffer.from(bytes).toString('utf8'))).targetArtifact;
  } catch {
    return undefined;
  }
}
