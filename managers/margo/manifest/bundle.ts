import { ArchiveFault, readTarGz } from '../../../core/archive/index.js';
import { digestOf } from '../digest.js';
import type { Manifest } from './read.js';

export interface BundleLimits {
  /** Bytes of all members together, unpacked. */
  readonly bytes: number;
  readonly entries: number;
}

/** A bundle is not what its manifest says. */
export class BundleFault extends Error {
  override readonly name = 'BundleFault';
}

/**
 * Unpacks a bundle in memory and verifies it: its own digest, each member's digest, and that it holds exactly what the
 * manifest lists. Members are matched by content, as their names are not specified.
 *
 * @returns deployment id to exact YAML bytes
 * @throws BundleFault
 */
export async function readBundle(
  bytes: Uint8Array,
  manifest: Manifest,
  limits: BundleLimits,
): Promise<Map<string, Uint8Array>> {
  if (manifest.bundle === null) throw new BundleFault('the manifest has no bundle');
  const digest = digestOf(bytes);
  if (digest !== manifest.bundle.digest)
    throw new BundleFault(`the bundle is ${digest}, not ${manifest.bundle.digest} as the manifest says`);
  const members = await readTarGz(bytes, limits).catch((error: unknown) => {
    if (error instanceof ArchiveFault)
      throw new BundleFault(`the bundle cannot be used: ${error.message}`, { cause: error });
    throw error;
  });
  const listed = new Set(manifest.deployments.map((deployment) => deployment.digest));
  const found = new Map<string, Uint8Array>();
  for (const [path, content] of members) {
    const member = digestOf(content);
    if (!listed.has(member))
      throw new BundleFault(`the bundle's ${path} is ${member}, which the manifest does not list`);
    if (found.has(member)) throw new BundleFault(`the bundle holds ${member} twice`);
    found.set(member, content);
  }
  return new Map(
    manifest.deployments.map(({ deploymentId, digest: expected }) => {
      const content = found.get(expected);
      if (!content) throw new BundleFault(`the bundle lacks deployment ${deploymentId}, ${expected}`);
      return [deploymentId, content];
    }),
  );
}
