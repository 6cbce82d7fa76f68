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

/** Composes manifest, bundle and blobs (section "Desired State"); equal input gives equal bytes. */
export async function composeManifest(_input: ManifestToCompose): Promise<ComposedManifest> {
  throw new Error('not written yet');
}
