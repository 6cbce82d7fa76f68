import type { ArtifactRegistry, Descriptor, RegistryCredentials } from '../../core/ports/index.js';
import { RegistryFault } from '../../core/ports/index.js';
import {
  type ApplicationDescription,
  type Finding,
  type PackageResource,
  readApplicationDescription,
  readPackage,
} from '../margo/index.js';
import type { PackageRecord, PackageSource } from './index.js';
import type { SignaturePolicy } from './signature/policy.js';

/** Bytes of the largest resource that is kept: an icon or a text, no film. */
const resourceLimit = 1024 * 1024;

export interface PulledPackage {
  readonly digest: string;
  /** Absent exactly when there are faults. */
  readonly description?: ApplicationDescription;
  readonly faults: readonly Finding[];
  readonly warnings: readonly Finding[];
  readonly resources: PackageRecord['resources'];
  /** Bytes of the resources that are kept, by digest. */
  readonly kept: ReadonlyMap<string, Uint8Array>;
}

export interface PullOptions {
  readonly strict: boolean;
  readonly signatures: SignaturePolicy;
  readonly credentials: RegistryCredentials | undefined;
  readonly signal: AbortSignal;
}

/** Pulls a package, verifies and reads it. Rejects only with what the registry rejects with. */
export async function pullPackage(
  registry: ArtifactRegistry,
  source: PackageSource,
  { strict, signatures, credentials, signal }: PullOptions,
): Promise<PulledPackage> {
  const call = { signal, ...(credentials && { credentials }) };
  const fetch = (blob: Descriptor, limit: number): Promise<Uint8Array> => registry.fetch(source, blob, limit, call);
  const resolved = await registry.resolve(source, call);
  const { digest } = resolved.descriptor;
  const refusal = await signatures.refusal(registry, source, resolved.descriptor, call);
  if (refusal) return { digest, faults: [refusal], warnings: [], resources: [], kept: new Map() };

  const artifact = await readPackage(resolved, fetch);
  const { descriptionBytes } = artifact;
  const described = descriptionBytes && readApplicationDescription(descriptionBytes, { strict, ...tagOf(source) });
  const pulled = await pullResources(artifact.resources, fetch);
  // What the description's reader warns of is a fault already when it is strict.
  const found = [...artifact.warnings, ...pulled.warnings];
  const faults = [...artifact.faults, ...(described?.faults ?? []), ...(strict ? found : [])];
  const warnings = [...(strict ? [] : found), ...(described?.warnings ?? [])];
  const { kept } = pulled;
  const resources = artifact.resources.map(({ path, mediaType, descriptor }) => ({
    path,
    mediaType,
    digest: descriptor.digest,
    size: descriptor.size,
  }));
  const description = faults.length === 0 ? described?.description : undefined;
  return { digest, ...(description && { description }), faults, warnings, resources, kept };
}

function tagOf({ tag }: PackageSource): { tag?: string } {
  return tag === undefined ? {} : { tag };
}

async function pullResources(
  found: readonly PackageResource[],
  fetch: (blob: Descriptor, limit: number) => Promise<Uint8Array>,
): Promise<{ readonly kept: ReadonlyMap<string, Uint8Array>; readonly warnings: readonly Finding[] }> {
  const kept = new Map<string, Uint8Array>();
  const warnings: Finding[] = [];
  for (const { path, descriptor } of found) {
    if (descriptor.size > resourceLimit) {
      warnings.push({ path, code: 'too-large', message: `has ${descriptor.size} bytes and is not kept` });
      continue;
    }
    try {
      kept.set(descriptor.digest, await fetch(descriptor, resourceLimit));
    } catch (error) {
      // A missing picture harms no deployment; wrong bytes or a registry that is away say more than that.
      if (!(error instanceof RegistryFault) || error.reason !== 'not-found') throw error;
      warnings.push({ path, code: 'missing', message: 'is listed in the package but not in the registry' });
    }
  }
  return { kept, warnings };
}
