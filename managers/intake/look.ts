import { Problem, problems } from '../../core/operation/index.js';
import { type ArtifactRegistry, RegistryFault, type ResolvedArtifact } from '../../core/ports/index.js';
import type { Semaphore } from '../../core/work/index.js';
import type { CatalogManager, PackageRecord, PackageSource } from '../catalog/index.js';
import { artifactTypes } from '../margo/index.js';
import type { Notice } from './index.js';
import { firstRequest, requestAgain, sourceOf } from './request.js';
import { importSigned, signedBy } from './signed.js';

export interface LookParts {
  readonly registry: ArtifactRegistry;
  readonly catalog: CatalogManager;
  readonly labels: Readonly<Record<string, string>>;
  /** How many ask a registry at the same time; who waits for an import asks none. */
  readonly asking: Semaphore;
}

/**
 * Looks at what a notice names, as it is now, and brings the catalog up to it.
 * @returns what came of it, for the log; `undefined`: nothing that concerns the catalog
 * @throws RegistryFault when the registry does not say what is there
 */
export async function look(parts: LookParts, notice: Notice, signal: AbortSignal): Promise<string | undefined> {
  const { registry, catalog, asking } = parts;
  const { tag } = notice;
  const signed = tag === undefined ? undefined : signedBy(tag);
  if (signed !== undefined) return importSigned(catalog, notice, signed, signal);
  const resolved = await asking.run(() => present(registry, notice, signal), signal);
  const digest = resolved?.descriptor.digest;
  // The tag may lead elsewhere by now: the artifact that came with it may be gone, or have been scanned, all the same.
  const before =
    notice.digest === digest ? undefined : await unlessDeleted(() => refreshed(parts, notice, notice.digest, signal));
  const now =
    resolved &&
    (await unlessDeleted(
      async () =>
        (await refreshed(parts, notice, digest, signal)) ?? (await lookAtUnknown(parts, notice, resolved, signal)),
    ));
  const came = [before, now].filter((one) => one !== undefined);
  return came.length === 0 ? undefined : came.join('; ');
}

/** A package that is deleted while it is looked at stays so: looked at again, it would come back as one never heard of. */
async function unlessDeleted(looking: () => Promise<string | undefined>): Promise<string | undefined> {
  try {
    return await looking();
  } catch (error) {
    if (!(error instanceof Problem) || error.kind !== problems.notFound) throw error;
    return `left what was deleted meanwhile: ${error.message}`;
  }
}

async function refreshed(
  { catalog, asking }: LookParts,
  notice: Notice,
  digest: string | undefined,
  signal: AbortSignal,
): Promise<string | undefined> {
  const known = digest === undefined ? undefined : await catalog.find(sourceOf(notice, { digest }));
  // One that failed is not in the catalog: it is tried again like any other.
  if (!known || known.state === 'FAILED') return undefined;
  const { upstream } = await asking.run(() => catalog.refresh(known.id, signal), signal);
  return `looked at package ${known.id}, which the registry ${upstream?.there === false ? 'has no longer' : 'has'}`;
}

async function lookAtUnknown(
  parts: LookParts,
  notice: Notice,
  { descriptor, manifest }: ResolvedArtifact,
  signal: AbortSignal,
): Promise<string | undefined> {
  const { tag } = notice;
  if (tag === undefined || manifest.artifactType !== artifactTypes.application) {
    const { subject } = manifest;
    return subject && importSigned(parts.catalog, notice, subject.digest, signal);
  }
  const byTag = await imported(parts, sourceOf(notice, { tag }));
  // The tag of an earlier package leads elsewhere now, or led elsewhere while that one was pulled.
  const settled = await parts.catalog.settled(byTag.id, signal);
  if (settled.digest === undefined || settled.digest === descriptor.digest) {
    return `imported package ${settled.id} (${settled.state})`;
  }
  const byDigest = await imported(parts, sourceOf(notice, { digest: descriptor.digest }));
  return `imported package ${byDigest.id} by its digest, since ${tag} was another one before`;
}

/** What the registry has there now; `undefined` for nothing. */
async function present(
  registry: ArtifactRegistry,
  notice: Notice,
  signal: AbortSignal,
): Promise<ResolvedArtifact | undefined> {
  const { tag, digest, ...place } = notice;
  try {
    // A tag is looked up as it is now; the digest that came with it may be an old one.
    return await registry.resolve({ ...place, ...(tag === undefined ? digest && { digest } : { tag }) }, { signal });
  } catch (error) {
    if (error instanceof RegistryFault && error.reason === 'not-found') return undefined;
    throw error;
  }
}

/** The package of a source, new or there already. */
async function imported({ catalog, labels }: LookParts, source: PackageSource): Promise<PackageRecord> {
  const present = await catalog.find(source);
  if (present && present.state !== 'FAILED') return present;
  try {
    return await catalog.import(present ? requestAgain(present) : firstRequest(source, labels));
  } catch (error) {
    const other = error instanceof Problem ? error.extensions?.['packageId'] : undefined;
    if (typeof other !== 'string') throw error;
    return catalog.get(other);
  }
}
