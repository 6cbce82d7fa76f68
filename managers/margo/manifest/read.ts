import type { FieldFault } from '../../../core/operation/index.js';

export interface BundleReference {
  readonly mediaType: string;
  readonly digest: string;
  /** Advisory: never a proof of anything. */
  readonly sizeBytes?: number;
  readonly url?: string;
}

export interface DeploymentReference {
  readonly deploymentId: string;
  readonly digest: string;
  readonly sizeBytes?: number;
  readonly url?: string;
}

export interface Manifest {
  readonly version: number;
  /** `null` exactly when there are no deployments. */
  readonly bundle: BundleReference | null;
  readonly deployments: readonly DeploymentReference[];
}

export interface ManifestReading {
  /** Absent exactly when there are faults. */
  readonly manifest?: Manifest;
  readonly faults: readonly FieldFault[];
}

/** Reads a state manifest as a client must: one fault makes all of it invalid. */
export function readManifest(_bytes: Uint8Array): ManifestReading {
  throw new Error('not written yet');
}
