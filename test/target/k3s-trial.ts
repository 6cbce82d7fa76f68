import { artifactAt, type DesiredApplication, type DesiredComponent } from '../../core/plugin/index.js';
import { targetK3s } from '../../providers/target/k3s/index.js';
import type { RegistryPart } from '../parts/index.js';
import { monitorApplication, type TargetTrial, targetTrial } from './trial.js';

export const artifactType = 'application/vnd.tutti.component.manifests.v1+json';
export const layerType = 'application/yaml';

/** A target.k3s on a real cluster, fed by a real registry. */
export interface K3sTrial extends TargetTrial {
  /** Pushes manifests, a layer each. Returns the repository. */
  push(name: string, revision: string, ...manifests: readonly string[]): Promise<string>;
}

export async function k3sTrial(
  kubeconfig: string,
  { url, host }: RegistryPart,
  config: object = {},
): Promise<K3sTrial> {
  const trial = await targetTrial(targetK3s, {
    name: 'k3s',
    config: { kubeconfig, deploymentTypes: ['custom'], ...config },
    registries: [{ url }],
  });
  return {
    ...trial,
    async push(name, revision, ...manifests) {
      const repository = `oci://${host}/components/${name}`;
      const layers = manifests.map((text) => ({ mediaType: layerType, bytes: Buffer.from(text) }));
      await trial.registry.push(artifactAt(repository, revision), { artifactType, layers });
      return repository;
    },
  };
}

/** A deployment of one component of plain manifests. */
export function manifestsApplication(
  repository: string,
  revision: string,
  change: Partial<DesiredComponent> = {},
  { id, namespace = 'line' }: { readonly id?: string; readonly namespace?: string } = {},
): DesiredApplication {
  return monitorApplication('custom', { repository, revision, timeout: 120_000, ...change }, { id, namespace });
}
