import { randomUUID } from 'node:crypto';
import { packTarGz } from '../../core/archive/index.js';
import { systemClock } from '../../core/host/clock.js';
import {
  type ApplyCall,
  type ArtifactRegistry,
  artifactAt,
  type DesiredApplication,
  type DesiredComponent,
  type Lifecycle,
  TargetFault,
  type TargetProvider,
} from '../../core/plugin/index.js';
import { recordingLogger, testContext } from '../../core/testing/index.js';
import { registryOci } from '../../providers/registry/oci/index.js';
import { targetDocker } from '../../providers/target/docker/index.js';
import type { DockerPart, RegistryPart } from '../parts/index.js';

export const artifactType = 'application/vnd.org.margo.component.compose+json';
export const layerType = 'application/vnd.org.margo.component.compose.tar+gzip';

/** A target.docker on a real engine, fed by a real registry. */
export interface DockerTrial {
  readonly target: TargetProvider & Lifecycle;
  readonly registry: ArtifactRegistry;
  readonly registryHost: string;
  readonly log: ReturnType<typeof recordingLogger>;
  readonly dataDir: string;
  /** Another instance on the same data, as after a restart of the agent. */
  again(): Promise<TargetProvider & Lifecycle>;
  dispose(): Promise<void>;
}

export async function dockerTrial(
  docker: DockerPart,
  registryPart: RegistryPart,
  config: object = {},
): Promise<DockerTrial> {
  const registry = await testContext<ArtifactRegistry>(registryOci, {
    clock: systemClock,
    config: { registries: [{ url: registryPart.url }] },
  });
  const log = recordingLogger();
  const options = {
    name: 'docker',
    clock: systemClock,
    log,
    config: { socket: docker.socket, compose: docker.compose, settle: 500, ...config },
    uses: { registry: registry.instance },
  };
  const context = await testContext<TargetProvider>(targetDocker, options);
  await context.start();
  const others: { dispose(): Promise<void> }[] = [];
  return {
    target: context.instance,
    registry: registry.instance,
    registryHost: registryPart.host,
    log,
    dataDir: context.dataDir,
    async again() {
      const other = await testContext<TargetProvider>(targetDocker, { ...options, dataDir: context.dataDir });
      await other.start();
      others.push(other);
      return other.instance;
    },
    async dispose() {
      for (const each of [...others, context, registry]) await each.dispose();
    },
  };
}

/** Pushes a component's archive: one folder with these files, or the given bytes. */
export async function pushComponent(
  { registry, registryHost }: DockerTrial,
  name: string,
  revision: string,
  files: Readonly<Record<string, string>> | Uint8Array,
  as: { readonly artifactType?: string; readonly layerType?: string } = {},
): Promise<string> {
  const repository = `oci://${registryHost}/components/${name}`;
  const bytes =
    files instanceof Uint8Array
      ? files
      : await packTarGz(
          Object.entries(files).map(([path, content]) => ({ path: `${name}/${path}`, bytes: Buffer.from(content) })),
        );
  await registry.push(artifactAt(repository, revision), {
    artifactType: as.artifactType ?? artifactType,
    layers: [{ mediaType: as.layerType ?? layerType, bytes }],
  });
  return repository;
}

/** A deployment of one component. */
export function application(
  repository: string,
  revision: string,
  change: Partial<DesiredComponent> = {},
  id: string = randomUUID(),
): DesiredApplication {
  const component: DesiredComponent = {
    name: 'monitor',
    repository,
    revision,
    wait: true,
    timeout: 30_000,
    properties: {},
    parameters: {},
    ...change,
  };
  return {
    id,
    name: 'Line monitor',
    applicationId: 'line-monitor',
    deploymentType: 'compose',
    components: [component],
  };
}

/** A call that collects what it is told. */
export function call(signal: AbortSignal = new AbortController().signal): ApplyCall & { readonly told: string[] } {
  const told: string[] = [];
  return { signal, progress: (text) => told.push(text), told };
}

/** The fault that a promise rejects with. @throws when it does not, or with something else */
export async function faultOf(work: Promise<unknown>): Promise<TargetFault> {
  try {
    await work;
  } catch (error) {
    if (error instanceof TargetFault) return error;
    throw error;
  }
  throw new Error('it was expected to fail and did not');
}
