import { type FleetManager, FleetManagerFault, type StateProvider } from '../../core/ports/index.js';
import { BundleFault, digestOf, type Manifest, readBundle } from '../margo/index.js';
import { documents } from './records.js';

export interface FetchLimits {
  /** Bytes of one deployment document, and of a whole bundle (packed and unpacked). */
  readonly document: number;
  readonly bundle: number;
}

/** Something that was received is not what its digest says: nothing of the manifest may be used. */
export class IntegrityFault extends Error {
  override readonly name = 'IntegrityFault';
}

/**
 * Gets every document that a manifest lists, each verified against its digest: those that are held already are not
 * fetched again, one missing is fetched alone, several as the bundle; a bundle that cannot be had or is wrong falls back
 * to the documents one by one (section "Desired State"). All or nothing.
 *
 * @returns deployment id to exact bytes
 * @throws IntegrityFault, FleetManagerFault
 */
export async function fetchDocuments(
  clientId: string,
  manifest: Manifest,
  from: FleetManager,
  held: StateProvider,
  limits: FetchLimits,
  signal: AbortSignal,
): Promise<Map<string, Uint8Array>> {
  const found = new Map<string, Uint8Array>();
  for (const { deploymentId, digest } of manifest.deployments) {
    const known = await held.get(documents, digest);
    if (known && digestOf(known.value) === digest) found.set(deploymentId, known.value);
  }
  const missing = manifest.deployments.filter(({ deploymentId }) => !found.has(deploymentId));
  if (missing.length > 1 && manifest.bundle) {
    const { digest } = manifest.bundle;
    try {
      const bytes = await from.bundle(clientId, digest, limits.bundle, signal);
      return await readBundle(bytes, manifest, { bytes: limits.bundle, entries: manifest.deployments.length });
    } catch (error) {
      const otherwise =
        error instanceof BundleFault || (error instanceof FleetManagerFault && error.reason === 'not-found');
      if (!otherwise) throw error;
    }
  }
  for (const { deploymentId, digest } of missing) {
    const bytes = await from.deployment(clientId, deploymentId, digest, limits.document, signal);
    const actual = digestOf(bytes);
    if (actual !== digest) {
      throw new IntegrityFault(`deployment ${deploymentId} should have the digest ${digest}, what came has ${actual}`);
    }
    found.set(deploymentId, bytes);
  }
  return found;
}
