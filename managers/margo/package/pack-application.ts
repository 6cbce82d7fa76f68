import type { ArtifactToPush } from '../../../core/ports/index.js';
import type { ApplicationDescription } from '../application/description.js';
import type { Finding } from '../finding.js';

/** A directory cannot be made into an artifact. */
export class PackFault extends Error {
  override readonly name = 'PackFault';
  constructor(
    message: string,
    readonly findings: readonly Finding[] = [],
    options?: ErrorOptions,
  ) {
    super(message, options);
  }
}

export interface PackedApplication {
  readonly artifact: ArtifactToPush;
  readonly description: ApplicationDescription;
  /** Equals the description's version (section "Application Registry"). */
  readonly tag: string;
  readonly warnings: readonly Finding[];
}

/** Makes a directory with `margo.yaml` and its resources an OCI artifact. @throws PackFault */
export async function packApplication(
  _directory: string,
  _options: { readonly strict?: boolean } = {},
): Promise<PackedApplication> {
  throw new Error('not written yet');
}
