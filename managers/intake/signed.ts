import { Problem, problems } from '../../core/operation/index.js';
import { isDigest } from '../../core/ports/index.js';
import { type CatalogManager, notSigned, type PackageRecord, type PackageSource } from '../catalog/index.js';
import { requestAgain } from './request.js';

type Place = Pick<PackageSource, 'registry' | 'repository'>;

/**
 * The artifact that a tag says it has signatures of: cosign's `sha256-<hex>.sig`, and `sha256-<hex>`, which stands in for the
 * referrers API where a registry has none (OCI Distribution v1.1, "Referrers Tag Schema").
 *
 * @returns its digest; `undefined` for any other tag
 */
export function signedBy(tag: string): string | undefined {
  const [, algorithm, hex] = /^(sha256|sha512)-([a-f0-9]+?)(?:\.sig)?$/.exec(tag) ?? [];
  const digest = `${algorithm}:${hex}`;
  return isDigest(digest) ? digest : undefined;
}

/**
 * Imports anew what was refused because it was not signed. Signatures are of what has been pushed before, and so come to a
 * registry when the import of what they sign may have ended already.
 *
 * @returns what came of it, for the log; `undefined`: nothing was refused
 */
export async function importSigned(
  catalog: CatalogManager,
  place: Place,
  digest: string,
  signal: AbortSignal,
): Promise<string | undefined> {
  const again: string[] = [];
  for (const { id } of await mayBeRefused(catalog, place, digest)) {
    const begun = await importAgain(catalog, id, digest, signal);
    if (begun) again.push(`${begun.id} in the place of ${id}`);
  }
  return again.length === 0 ? undefined : `imports what was not signed again: ${again.join(', ')}`;
}

/** What has been refused, and what is under way and may have looked for signatures too early. */
async function mayBeRefused(catalog: CatalogManager, repository: Place, digest: string): Promise<PackageRecord[]> {
  const found: PackageRecord[] = [];
  let after: string | undefined;
  do {
    const page = await catalog.list({ repository, ...(after !== undefined && { after }) });
    for (const record of page.items) {
      const of = record.digest ?? record.source.digest;
      if (record.state !== 'ONBOARDED' && (of === undefined || of === digest)) found.push(record);
    }
    after = page.next;
  } while (after !== undefined);
  return found;
}

/** @returns the package that takes the place of the one that was refused; `undefined` when that one was not */
async function importAgain(
  catalog: CatalogManager,
  id: string,
  digest: string,
  signal: AbortSignal,
): Promise<PackageRecord | undefined> {
  try {
    const ended = await catalog.settled(id, signal);
    const isRefused = ended.state === 'FAILED' && ended.faults.some(({ code }) => code === notSigned);
    return isRefused && ended.digest === digest ? await catalog.import(requestAgain(ended)) : undefined;
  } catch (error) {
    if (!(error instanceof Problem)) throw error;
    if (error.kind === problems.notFound) return undefined;
    // Somebody else was quicker, and may have looked before this signature was there.
    const other = error.extensions?.['packageId'];
    if (typeof other !== 'string') throw error;
    return importAgain(catalog, other, digest, signal);
  }
}
