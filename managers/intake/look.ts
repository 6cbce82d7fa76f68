import { Problem } from '../../core/operation/index.js';
import { type ArtifactRegistry, RegistryFault, type ResolvedArtifact } from '../../core/ports/index.js';
import type { Semaphore } from '../../core/work/index.js';
import type { CatalogManager, PackageRecord, PackageSource } from '../catalog/index.js';
import { artifactTypes } from '../margo/index.js';
import type { Notice } from './index.js';

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
  const resolved = await asking.run(() => present(registry, notice, signal), signal);
  const digest = resolved?.descriptor.digest ?? notice.digest;
  const known = digest === undefined ? undefined : await catalog.find(sourceOf(notice, { digest }));
  if (known) {
    const { upstream } = await asking.run(() => catalog.refresh(known.id, signal), signal);
    return `looked at package ${known.id}, which the registry ${upstream?.there === false ? 'has no longer' : 'has'}`;
  }
  if (!resolved || notice.tag === undefined || resolved.manifest.artifactType !== artifactTypes.application) {
    return undefined;
  }
  const { tag } = notice;
  const byTag = await imported(parts, sourceOf(notice, { tag }));
  // The tag of an earlier package leads elsewhere now, or led elsewhere while that one was pulled.
  const settled = await catalog.settled(byTag.id, signal);
  if (settled.digest === undefined || settled.digest === resolved.descriptor.digest) {
    return `imported package ${settled.id} (${settled.state})`;
  }
  const byDigest = await imported(parts, sourceOf(notice, { digest: resolved.descriptor.digest }));
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
    return await catalog.import({ name: nameOf(source), source, labels });
  } catch (error) {
    const other = error instanceof Problem ? error.extensions?.['packageId'] : undefined;
    if (typeof other !== 'string') throw error;
    return catalog.get(other);
  }
}

function sourceOf({ registry, repository }: Notice, which: { tag: string } | { digest: string }): PackageSource {
  return { registry, repository, ...which };
}

/** The last part of the repository, in the letters of a name. */
function nameOf({ repository }: PackageSource): string {
  return repository.slice(repository.lastIndexOf('/') + 1).replaceAll(/[^a-z0-9-]+/g, '-');
}
