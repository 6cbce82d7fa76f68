import type { Descriptor, ResolvedArtifact } from '../../../core/ports/index.js';
import type { Finding } from '../finding.js';

export interface PackageResource {
  /** Path in the package: `resources/icon.png`. */
  readonly path: string;
  readonly mediaType: string;
  readonly descriptor: Descriptor;
}

export interface PackageReading {
  /** Absent exactly when there are faults. */
  readonly descriptionBytes?: Uint8Array;
  readonly resources: readonly PackageResource[];
  readonly warnings: readonly Finding[];
  readonly faults: readonly Finding[];
}

/** Fetches one verified blob; the caller binds registry, repository, credentials and signal. */
export type FetchBlob = (blob: Descriptor, limit: number) => Promise<Uint8Array>;

/** Finds what a package artifact holds. Rejects only with what `fetch` rejects with. */
export async function readPackage(_resolved: ResolvedArtifact, _fetch: FetchBlob): Promise<PackageReading> {
  throw new Error('not written yet');
}
