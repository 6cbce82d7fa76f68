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
  _bytes: Uint8Array,
  _manifest: Manifest,
  _limits: BundleLimits,
): Promise<Map<string, Uint8Array>> {
  throw new Error('not written yet');
}
