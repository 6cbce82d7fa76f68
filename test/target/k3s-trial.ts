import { randomUUID } from 'node:crypto';
import { systemClock } from '../../core/host/clock.js';
import {
  type ArtifactRegistry,
  artifactAt,
  type DesiredApplication,
  type DesiredComponent,
  type Lifecycle,
  type TargetProvider,
} from '../../core/plugin/index.js';
import { recordingLogger, testContext } from '../../core/testing/index.js';
import { registryOci } from '../../providers/registry/oci/index.js';
import { targetK3s } from '../../providers/target/k3s/index.js';
import type { RegistryPart } from '../parts/index.js';

export const artifactType = 'application/vnd.tutti.component.manifests.v1+json';
export const layerType = 'application/yaml';

/** A target.k3s on a real cluster, fed by a real registry. */
export interface K3sTrial {
  readonly target: TargetProvider & Lifecycle;
  readonly log: ReturnType<typeof recordingLogger>;
  readonly dataDir: string;
  /** Pushes manifests, a layer each. Returns the repository. */
  push(name: string, revision: string, ...manifests: readonly string[]): Promise<string>;
  /** Another instance, as after a restart of the agent. */
  again(): Promise<TargetProvider & Lifecycle>;
  dispose(): Promise<void>;
}

export async function k3sTrial(kubeconfig: string, registryPart: RegistryPart, config: object = {}): Promise<K3sTrial> {
  const registry = await testContext<ArtifactRegistry>(registryOci, {
    clock: systemClock,
    config: { registries: [{ url: registryPart.url }] },
  });
  const log = recordingLogger();
  const options = {
    name: 'k3s',
    clock: systemClock,
    log,
    config: { kubeconfig, deploymentTypes: ['custom'], ...config },
    uses: { registry: registry.instance },
  };
  const context = await testContext<TargetProvider>(targetK3s, options);
  await context.start();
  const others: { dispose(): Promise<void> }[] = [];
  return {
    target: context.instance,
    log,
    dataDir: context.dataDir,
    async push(name, revision, ...manifests) {
      const repository = `oci://${registryPart.host}/components/${name}`;
      const layers = manifests.map((text) => ({ mediaType: layerType, bytes: Buffer.from(text) }));
      await registry.instance.push(artifactAt(repository, revision), { artifactType, layers });
      return repository;
    },
    async again() {
      const other = await testContext<TargetProvider>(targetK3s, { ...options, dataDir: context.dataDir });
      await other.start();
      others.push(other);
      return other.instance;
    },
    async dispose() {
      for (const each of [...others, context, registry]) await each.dispose();
    },
  };
}

/** A deployment of one component of plain manifests. */
export function manifestsApplication(
  repository: string,
  revision: string,
  change: Partial<DesiredComponent> = {},
  { id = randomUUID(), namespace = 'line' }: { readonly id?: string; readonly namespace?: string } = {},
): DesiredApplication {
  const component: DesiredComponent = {
    name: 'monitor',
    repository,
    revision,
    wait: true,
    timeout: 120_000,
    properties: {},
    parameters: {},
    ...change,
  };
  return {
    id,
    name: 'Line monitor',
    namespace,
    applicationId: 'line-monitor',
    deploymentType: 'custom',
    components: [component],
  };
}
