import { resolve } from 'node:path';
import { commandClock } from '../core/host/clock.js';
import { Gate } from '../core/operation/index.js';
import type { Lifecycle, Logger } from '../core/plugin/index.js';
import type { ArtifactRegistry } from '../core/ports/index.js';

export interface RegistryAccess {
  /** `https://host:port`. */
  readonly url: string;
  /** PEM file. */
  readonly ca: string | undefined;
}

const silent = (): void => undefined;
const noLog: Logger = { debug: silent, info: silent, warn: silent, error: silent };

/** Runs `work` with the provider of OCI registries, without a host around it. */
export async function withRegistry<T>(
  { url, ca }: RegistryAccess,
  work: (registry: ArtifactRegistry) => Promise<T>,
): Promise<T> {
  const { registryOci } = await import('../providers/registry/oci/index.js');
  const config = registryOci.config.parse({ registries: [{ url, ...(ca !== undefined && { ca: resolve(ca) }) }] });
  // The definition is one of the registry port: that is what it creates.
  const registry = registryOci.create({
    name: 'registry',
    config,
    uses: {},
    log: noLog,
    clock: commandClock,
    dataDir: '',
    resolvePath: (path) => resolve(path),
    surface: { operations: [], mounts: [], gate: new Gate([], noLog) },
  }) as ArtifactRegistry & Lifecycle;
  try {
    return await work(registry);
  } finally {
    await registry.stop?.(new AbortController().signal);
  }
}
