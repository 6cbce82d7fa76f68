import { collection } from '../../core/ports/index.js';
import type { Deployment } from '../margo/index.js';
import type { InstanceQuery, InstanceRecord } from './index.js';

/** An instance with what its device gets, so that a manifest is made from instances alone. */
export interface StoredInstance extends InstanceRecord {
  readonly deployment: Deployment;
  /** Version of the manifest that brought the last update: until the device has that, it speaks of what was before. */
  readonly updatedIn?: number;
  /** Its device has said nothing of it yet. */
  readonly unheard?: true;
}

export const instances = collection<StoredInstance>('instances', {
  client: ({ clientId }) => [clientId],
  package: ({ packageId }) => [packageId],
  clientAndPackage: ({ clientId, packageId }) => [`${clientId}/${packageId}`],
  name: ({ name, namespace }) => [nameEntry(name), nameEntry(name, namespace)],
  clientAndName: ({ clientId, name, namespace }) => [
    `${clientId}/${nameEntry(name)}`,
    `${clientId}/${nameEntry(name, namespace)}`,
  ],
});

/** In JSON, so that whatever is asked for is never taken for something else. */
function nameEntry(name: string, namespace?: string): string {
  return JSON.stringify([name, namespace]);
}

/** The index that answers a query. */
export function indexFor({
  clientId,
  packageId,
  name,
  namespace,
}: Pick<InstanceQuery, 'clientId' | 'packageId' | 'name' | 'namespace'>):
  | { readonly index: { readonly name: string; readonly equals: string } }
  | undefined {
  if (name !== undefined) {
    if (packageId !== undefined) throw new TypeError('instances are listed by name or by package, not by both');
    const named = nameEntry(name, namespace);
    return clientId === undefined
      ? { index: { name: 'name', equals: named } }
      : { index: { name: 'clientAndName', equals: `${clientId}/${named}` } };
  }
  if (clientId !== undefined && packageId !== undefined) {
    return { index: { name: 'clientAndPackage', equals: `${clientId}/${packageId}` } };
  }
  if (clientId !== undefined) return { index: { name: 'client', equals: clientId } };
  return packageId === undefined ? undefined : { index: { name: 'package', equals: packageId } };
}

/** What a caller is shown. */
export function view({ deployment: _, updatedIn: __, unheard: ___, ...record }: StoredInstance): InstanceRecord {
  return record;
}
