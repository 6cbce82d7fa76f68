import {
  type Change,
  type EventType,
  eventType,
  type ListedArtifact,
  type RegistryCredentials,
  ref,
  type ScanReport,
} from '../../core/ports/index.js';
import type { ApplicationDescription, Finding } from '../margo/index.js';

/** Where a package comes from; exactly one of tag and digest. */
export interface PackageSource {
  readonly registry: string;
  readonly repository: string;
  readonly tag?: string;
  readonly digest?: string;
}

/** Code of the fault of a package that nobody has signed whom the policy of the host names. */
export const notSigned = 'not-signed';

export type PackageState = 'PENDING' | 'PROCESSING' | 'ONBOARDED' | 'FAILED';

/** What the registry says of a package that came from it, when it was asked last. */
export interface Upstream {
  /** Milliseconds since the epoch. */
  readonly checkedAt: number;
  /** Whether the registry still has it. */
  readonly there: boolean;
  /** What its scanner has found; absent where it has none, or has not looked yet. */
  readonly scan?: ScanReport;
}

/** One imported version of an application. */
export interface PackageRecord {
  readonly id: string;
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly source: PackageSource;
  readonly strict: boolean;
  readonly state: PackageState;
  /** Digest of the package's manifest, once resolved. */
  readonly digest?: string;
  readonly description?: ApplicationDescription;
  readonly resources: readonly {
    readonly path: string;
    readonly mediaType: string;
    readonly digest: string;
    readonly size: number;
  }[];
  /** Why the import failed, for a person; all faults of a package that cannot be deployed. */
  readonly failure?: string;
  readonly faults: readonly Finding[];
  /** What breaks the standard without harm. */
  readonly warnings: readonly Finding[];
  /** Absent until it has been onboarded. */
  readonly upstream?: Upstream;
  /** Milliseconds since the epoch. */
  readonly createdAt: number;
  readonly updatedAt: number;
}

export interface ImportRequest {
  readonly name: string;
  readonly labels?: Readonly<Record<string, string>>;
  readonly source: PackageSource;
  readonly strict?: boolean;
  /** Used for this import only: kept in memory, never stored. */
  readonly credentials?: RegistryCredentials;
}

export interface PackageQuery {
  readonly limit?: number;
  readonly after?: string;
  /** Only versions of this application. One of these three alone. */
  readonly applicationId?: string;
  readonly name?: string;
  /** Only what came from this repository, however its host is spelled. */
  readonly repository?: Pick<PackageSource, 'registry' | 'repository'>;
}

export interface PackagePage {
  readonly items: readonly PackageRecord[];
  readonly next?: string;
  readonly total: number;
}

/** Where to go on in a registry, and how many are wanted. */
export interface OfferQuery {
  readonly limit: number;
  /** How many are left out at the beginning. */
  readonly from: number;
}

/** A page of what a registry offers now; nothing of it is kept here. */
export interface OfferPage<T> {
  readonly items: readonly T[];
  /** Where to go on; absent on the last page. Where the registry changes meanwhile, one may be missed or come twice. */
  readonly next?: number;
}

export const PackageChanged: EventType<{ readonly id: string; readonly state: PackageState | 'DELETED' }> =
  eventType('catalog.package-changed');

/** Application packages: imported from a registry by tag or digest, verified, validated, kept by version. */
export interface CatalogManager {
  /**
   * Takes the request durably and imports in the background; a crash in between resumes the import. An import that
   * failed may be repeated: the new package takes the place of the failed one.
   * @throws Problem 409 (`packageId` names the other) when the same source is there already, 422 for a source that cannot be
   */
  import(request: ImportRequest): Promise<PackageRecord>;
  /** @throws Problem 404 */
  get(id: string): Promise<PackageRecord>;
  list(query: PackageQuery): Promise<PackagePage>;
  /** The package that was imported from a source; by a digest also when it was imported by a tag, once it is onboarded. */
  find(source: PackageSource): Promise<PackageRecord | undefined>;
  /**
   * Asks the registry anew about an onboarded package: whether it is there, and what its scanner found.
   * @throws RegistryFault when the registry cannot be asked; Problem 404
   */
  refresh(id: string, signal?: AbortSignal): Promise<PackageRecord>;
  /**
   * Names of the repositories of a registry, as far as it tells.
   * @param registry `host[:port]`
   * @throws Problem 404, 503 when the registry cannot be asked, 422 when it or its provider does not tell
   */
  repositories(registry: string, query: OfferQuery, signal?: AbortSignal): Promise<OfferPage<string>>;
  /**
   * What is in a repository.
   * @throws Problem 404, 503 when the registry cannot be asked, 422 when it or its provider does not tell
   */
  artifacts(
    at: Pick<PackageSource, 'registry' | 'repository'>,
    query: OfferQuery,
    signal?: AbortSignal,
  ): Promise<OfferPage<ListedArtifact>>;
  /** @throws Problem 404; 409 when a guard of {@link beforeDelete} objects and it is not forced */
  delete(id: string, force?: boolean): Promise<void>;
  /** Resolves when the import has ended, well or not. @throws Problem 404 when the package is deleted meanwhile */
  settled(id: string, signal: AbortSignal): Promise<PackageRecord>;
  /** An icon or a text that came with the package, where it was small enough to be kept. */
  resource(id: string, path: string): Promise<{ readonly mediaType: string; readonly bytes: Uint8Array } | undefined>;
  /**
   * Managers above say here why a package may not go: one sentence, or `undefined`.
   * @returns what withdraws the guard
   */
  beforeDelete(guard: DeleteGuard): () => void;
  /**
   * A change that writes nothing, and makes the commit that it is part of fail once the package is being deleted.
   * Whoever begins to use a package commits it along; then no use can slip past a guard.
   * @throws Problem 404, 409 when that has begun
   */
  whileKept(id: string): Promise<Change>;
}

export type DeleteGuard = (id: string) => Promise<string | undefined>;

export const CatalogManager = ref<CatalogManager>('manager.catalog');
