import { blobs, collection } from '../../core/ports/index.js';
import type { PackageQuery, PackageRecord } from './index.js';

export interface StoredPackage extends PackageRecord {
  /** Whether credentials came with the request; they themselves are never stored. */
  readonly withCredentials: boolean;
}

export const packages = collection<StoredPackage>('packages', {
  application: ({ description }) => (description ? [description.id] : []),
  state: ({ state }) => [state],
  name: ({ name }) => [name],
});

/** The index that answers a query. */
export function indexFor({
  applicationId,
  name,
}: Pick<PackageQuery, 'applicationId' | 'name'>):
  | { readonly index: { readonly name: string; readonly equals: string } }
  | undefined {
  if (applicationId !== undefined && name !== undefined) {
    throw new TypeError('packages are listed by application or by name, not by both');
  }
  if (applicationId !== undefined) return { index: { name: 'application', equals: applicationId } };
  return name === undefined ? undefined : { index: { name: 'name', equals: name } };
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
