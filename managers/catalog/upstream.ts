import type { Clock } from '../../core/plugin/index.js';
import { type ArtifactRegistry, type RegistryCall, RegistryFault } from '../../core/ports/index.js';
import type { PackageSource, Upstream } from './index.js';

/** A package by what it is, wherever its tag leads by now. */
interface Known {
  readonly source: PackageSource;
  readonly digest: string;
}

/** Asks a registry about a package. @throws RegistryFault when it cannot be asked */
export async function readUpstream(
  registry: ArtifactRegistry,
  { source, digest }: Known,
  clock: Clock,
  signal: AbortSignal | undefined,
): Promise<Upstream> {
  const call = signal ? { signal } : {};
  const reference = { registry: source.registry, repository: source.repository, digest };
  try {
    await registry.resolve(reference, call);
    const scan = await registry.scan?.(reference, call);
    return { checkedAt: clock.now(), there: true, ...(scan && { scan }) };
  } catch (error) {
    if (!(error instanceof RegistryFault) || error.reason !== 'not-found') throw error;
    return { checkedAt: clock.now(), there: false };
  }
}

/** Of a package that has just been pulled. What a scanner found is worth knowing; an import does not fail without it. */
export async function firstUpstream(
  registry: ArtifactRegistry,
  { source, digest }: Known,
  clock: Clock,
  call: RegistryCall,
): Promise<Upstream> {
  const reference = { registry: source.registry, repository: source.repository, digest };
  const scan = await registry.scan?.(reference, call).catch((error: unknown) => {
    if (error instanceof RegistryFault) return undefined;
    throw error;
  });
  return { checkedAt: clock.now(), there: true, ...(scan && { scan }) };
}

/** Whether nothing has changed but the time. */
export function sameUpstream(one: Upstream | undefined, other: Upstream): boolean {
  return JSON.stringify({ ...one, checkedAt: 0 }) === JSON.stringify({ ...other, checkedAt: 0 });
}
