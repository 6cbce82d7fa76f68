import { blobs, collection } from '../../core/ports/index.js';
import { sameHost } from './host.js';
import type { PackageQuery, PackageRecord, PackageSource } from './index.js';

export interface StoredPackage extends PackageRecord {
  /** Whether credentials came with the request; they themselves are never stored. */
  readonly withCredentials: boolean;
}

export const packages = collection<StoredPackage>('packages', {
  application: ({ description }) => (description ? [description.id] : []),
  state: ({ state }) => [state],
  name: ({ name }) => [name],
  repository: ({ source }) => [repositoryKey(source)],
});

/** The index that answers a query. */
export function indexFor({
  applicationId,
  name,
  repository,
}: Pick<PackageQuery, 'applicationId' | 'name' | 'repository'>):
  | { readonly index: { readonly name: string; readonly equals: string } }
  | undefined {
  const wanted = [
    applicationId !== undefined && { name: 'application', equals: applicationId },
    name !== undefined && { name: 'name', equals: name },
    repository !== undefined && { name: 'repository', equals: repositoryKey(repository) },
  ].filter((one) => one !== false);
  if (wanted.length > 1) {
    throw new TypeError('packages are listed by application, by name or by repository, not by several of them');
  }
  const [index] = wanted;
  return index && { index };
}

function repositoryKey({ registry, repository }: Pick<PackageSource, 'registry' | 'repository'>): string {
  return `${sameHost(registry)}/${repository}`;
}

/** What only one package may have: a source as it was asked for, a digest of a repository, a version of an application. */
export const claims = collection<{ readonly packageId: string }>('package-claims');

/** Packages whose deletion has begun, by id. Milliseconds since the epoch. */
export interface Deletion {
  readonly at: number;
}
export const deletions = collection<Deletion>('package-deletions');

export const resources = blobs('package-resources');
export const resourceKey = (packageId: string, digest: string): string => `${packageId}/${digest}`;

/** Whether an import has ended, well or not. */
export function isSettled({ state }: Pick<PackageRecord, 'state'>): boolean {
  return state === 'ONBOARDED' || state === 'FAILED';
}

/** What a caller is shown. */
export function view({ withCredentials: _, ...record }: StoredPackage): PackageRecord {
  return record;
}
