import { createPublicKey, type KeyObject, verify } from 'node:crypto';
import { z } from '../../../core/plugin/index.js';
import { type ArtifactRegistry, type RegistryCall, RegistryFault } from '../../../core/ports/index.js';
import type { PackageSource } from '../index.js';
import { brokenSignature } from './broken.js';

// Cosign's signatures by key pairs: github.com/sigstore/cosign, specs/SIGNATURE_SPEC.md.

const annotation = 'dev.cosignproject.cosign/signature';
const payloadType = 'application/vnd.dev.cosign.simplesigning.v1+json';
/** Of one package; somebody may have put any number there. */
const mostSignatures = 32;
const payloadLimit = 64 * 1024;

const payload = z.object({
  critical: z.object({
    type: z.literal('cosign container image signature'),
    image: z.object({ 'docker-manifest-digest': z.string() }),
  }),
});

/**
 * Whether one of the keys has signed a package, by the signatures that lie beside it in its repository.
 *
 * @returns `undefined` when one has, else why not, for a person
 * @throws RegistryFault when the registry does not say whether there are signatures
 */
export async function cosignRefusal(
  registry: ArtifactRegistry,
  source: PackageSource,
  digest: string,
  keys: readonly KeyObject[],
  call: RegistryCall,
): Promise<string | undefined> {
  const place = { registry: source.registry, repository: source.repository };
  const tag = `${digest.replace(':', '-')}.sig`;
  const signatures = await registry.resolve({ ...place, tag }, call).catch((error: unknown) => {
    if (error instanceof RegistryFault && error.reason === 'not-found') return undefined;
    throw error;
  });
  if (!signatures) return `it is not signed: there is no ${place.repository}:${tag}`;
  const layers = signatures.manifest.layers.filter(({ mediaType }) => mediaType === payloadType);
  const refusals = new Set<string>();
  for (const layer of layers.slice(0, mostSignatures)) {
    const signature = Buffer.from(layer.annotations?.[annotation] ?? '', 'base64');
    try {
      const bytes = await registry.fetch(place, layer, payloadLimit, call);
      const refusal = signatureRefusal(bytes, signature, digest, keys);
      if (refusal === undefined) return undefined;
      refusals.add(refusal);
    } catch (error) {
      refusals.add(brokenSignature(error));
    }
  }
  return `no signature of it counts: ${refusals.size === 0 ? `${place.repository}:${tag} holds none` : [...refusals].join('; ')}`;
}

/** @returns `undefined` when one of the keys has signed the payload, and the payload is of the digest */
export function signatureRefusal(
  bytes: Uint8Array,
  signature: Uint8Array,
  digest: string,
  keys: readonly KeyObject[],
): string | undefined {
  // What is signed is believed only once it is known who signed it.
  if (!keys.some((key) => verify('sha256', bytes, key, signature))) {
    return 'one is not by a key of the policy, or was changed';
  }
  const signed = readPayload(bytes);
  if (signed === undefined) return 'one is of something else than an artifact';
  return signed === digest ? undefined : `one is of another artifact, ${signed}`;
}

function readPayload(bytes: Uint8Array): string | undefined {
  try {
    return payload.parse(JSON.parse(Buffer.from(bytes).toString('utf8'))).critical.image['docker-manifest-digest'];
  } catch {
    return undefined;
  }
}

const shortestRsa = 2048;

/**
 * Reads what `cosign generate-key-pair` leaves in `cosign.pub`: one key of an elliptic curve or of RSA.
 * @throws Error that says what else it is, and nothing of what is in it
 */
export function publicKey(pem: string): KeyObject {
  // A private key has a public one in it, and a certificate has names and an end that nobody would look at here.
  const labels = [...pem.matchAll(/-----BEGIN ([A-Z0-9 ]+)-----/g)].map(([, label]) => label);
  if (labels.length !== 1 || labels[0] !== 'PUBLIC KEY') {
    const held = labels.length === 0 ? 'no PEM' : labels.join(', ');
    throw new Error(`it must hold one PUBLIC KEY in PEM, as cosign.pub does, and holds ${held}`);
  }
  const key = readKey(pem);
  const { asymmetricKeyType: kind, asymmetricKeyDetails: details } = key;
  if (kind === 'ec') return key;
  if (kind !== 'rsa') throw new Error(`its key is of the kind ${kind}; elliptic curves and RSA are taken`);
  const bits = details?.modulusLength ?? 0;
  if (bits < shortestRsa) throw new Error(`its RSA key has ${bits} bits; ${shortestRsa} are the least`);
  return key;
}

function readKey(pem: string): KeyObject {
  try {
    return createPublicKey(pem);
  } catch (cause) {
    throw new Error('its PUBLIC KEY cannot be read', { cause });
  }
}
