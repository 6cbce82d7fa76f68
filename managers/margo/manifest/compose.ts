import { packTarGz } from '../../../core/archive/index.js';
import { canonicalJson } from '../../../core/json/canonical.js';
import { digestOf } from '../digest.js';
import { mediaTypes } from '../media-types.js';

export interface ManifestToCompose {
  /** Absent in D3, whose addresses do not name the client. */
  readonly clientId?: string;
  /** At least 1, a safe integer. */
  readonly version: number;
  readonly deployments: readonly { readonly id: string; readonly bytes: Uint8Array }[];
  /** `/api/v1` */
  readonly basePath: string;
}

export interface DeploymentBlob {
  readonly deploymentId: string;
  /** `sha256:...` of `bytes`. */
  readonly digest: string;
  readonly bytes: Uint8Array;
}

/** Everything that a device may be served, ready to be stored and sent as it is. */
export interface ComposedManifest {
  readonly version: number;
  /** RFC 8785 canonical JSON. */
  readonly manifestBytes: Uint8Array;
  /** `sha256:...` of `manifestBytes`, without quotes. */
  readonly etag: string;
  /** Absent exactly when there are no deployments. */
  readonly bundle?: { readonly digest: string; readonly bytes: Uint8Array };
  /** By deployment id. */
  readonly blobs: readonly DeploymentBlob[];
}

/** Composes manifest, bundle and blobs (section "Desired State"); equal input gives equal bytes, in any order. */
export async function composeManifest(input: ManifestToCompose): Promise<ComposedManifest> {
  const { version } = input;
  if (!Number.isSafeInteger(version) || version < 1)
    throw new RangeError(`no manifest can have the version ${version}`);
  const blobs = input.deployments
    .map(({ id, bytes }): DeploymentBlob => ({ deploymentId: id, digest: digestOf(bytes), bytes }))
    .sort((a, b) => (a.deploymentId < b.deploymentId ? -1 : 1));
  const base =
    input.clientId === undefined ? input.basePath : `${input.basePath}/clients/${encodeURIComponent(input.clientId)}`;
  const bundle = blobs.length > 0 ? await composeBundle(blobs) : undefined;
  const manifest = {
    manifestVersion: version,
    bundle: bundle
      ? {
          mediaType: mediaTypes.bundle,
          digest: bundle.digest,
          sizeBytes: bundle.bytes.length,
          url: `${base}/bundles/${bundle.digest}`,
        }
      : null,
    deployments: blobs.map(({ deploymentId, digest, bytes }) => ({
      deploymentId,
      digest,
      sizeBytes: bytes.length,
      url: `${base}/deployments/${encodeURIComponent(deploymentId)}/${digest}`,
    })),
  };
  const manifestBytes = new TextEncoder().encode(canonicalJson(manifest));
  return { version, manifestBytes, etag: digestOf(manifestBytes), ...(bundle && { bundle }), blobs };
}

/** The names are not specified; these are the ones that agents in the field look for. */
async function composeBundle(blobs: readonly DeploymentBlob[]): Promise<{ digest: string; bytes: Uint8Array }> {
  const bytes = await packTarGz(blobs.map((blob) => ({ path: `${blob.deploymentId}.yaml`, bytes: blob.bytes })));
  return { digest: digestOf(bytes), bytes };
}
