import { type FieldFault, Problem, problems } from '../../core/operation/index.js';
import {
  isDigest,
  isRepositoryName,
  isTag,
  parseArtifactReference,
  printArtifactReference,
  RegistryFault,
} from '../../core/ports/index.js';
import type { ApplicationDescription } from '../margo/index.js';
import { sameHost } from './host.js';
import type { PackageSource } from './index.js';
import type { StoredPackage } from './record.js';

/** @throws Problem 422 with one entry for each fault */
export function checkSource(source: PackageSource): void {
  const errors = [...sourceFaults(source)];
  const [first] = errors;
  if (first) throw new Problem(problems.semanticError, `${first.field}: ${first.message}`, { errors });
}

function* sourceFaults({ registry, repository, tag, digest }: PackageSource): Generator<FieldFault> {
  try {
    // The scheme makes any host pass for one; `oci` is only there to complete the reference.
    // What comes before an @ is a password as a rule: it is shown to nobody.
    if (registry.includes('@')) yield { field: 'source.registry', message: 'is a host; credentials go beside it' };
    else if (registry.includes('/'))
      yield { field: 'source.registry', message: 'is a host with an optional port, no path' };
    else parseArtifactReference(`oci://${registry}/oci`);
  } catch (error) {
    if (!(error instanceof RegistryFault)) throw error;
    yield { field: 'source.registry', message: error.message };
  }
  if (!isRepositoryName(repository)) {
    yield { field: 'source.repository', message: 'is not a repository name, as in apps/pump-controller' };
  }
  if ((tag === undefined) === (digest === undefined)) {
    yield { field: 'source', message: 'needs a tag or a digest, and not both' };
  }
  if (tag !== undefined && !isTag(tag)) yield { field: 'source.tag', message: 'is not a tag' };
  if (digest !== undefined && !isDigest(digest)) {
    yield { field: 'source.digest', message: 'is not a digest: sha256: and 64 lower-case hex digits' };
  }
}

/** The claim on a source as it was asked for, however its host is spelled. */
export function sourceClaim(source: PackageSource): string {
  return `source:${printArtifactReference({ ...source, registry: sameHost(source.registry) })}`;
}

/** The claim on a version; escaped, for a version may be any text. */
function versionClaim({ id, version }: ApplicationDescription): string {
  return `version:${id}@${JSON.stringify(version).slice(1, -1)}`;
}

/** All claims of a package: its source, and once it is onboarded its digest and version. */
export function claimsOf({ source, digest, description, state }: StoredPackage): string[] {
  const { registry, repository } = source;
  const keys = [sourceClaim(source)];
  if (state !== 'ONBOARDED' || digest === undefined || !description) return keys;
  keys.push(sourceClaim({ registry, repository, digest }), versionClaim(description));
  return [...new Set(keys)];
}
