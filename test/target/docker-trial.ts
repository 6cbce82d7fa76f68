import { packTarGz } from '../../core/archive/index.js';
import {
  artifactAt,
  type DesiredApplication,
  type DesiredComponent,
  type PullCredentials,
} from '../../core/plugin/index.js';
import { targetDocker } from '../../providers/target/docker/index.js';
import type { DockerPart, RegistryPart } from '../parts/index.js';
import { monitorApplication, type TargetTrial, targetTrial } from './trial.js';

export const artifactType = 'application/vnd.org.margo.component.compose+json';
export const layerType = 'application/vnd.org.margo.component.compose.tar+gzip';

/** A target.docker on a real engine, fed by a real registry. */
export interface DockerTrial extends TargetTrial {
  readonly registryHost: string;
}

export async function dockerTrial(
  { socket, compose }: DockerPart,
  { url, host }: RegistryPart,
  config: object = {},
  handed?: PullCredentials,
): Promise<DockerTrial> {
  const trial = await targetTrial(targetDocker, {
    name: 'docker',
    config: { socket, compose, settle: 500, ...config },
    registries: [{ url }],
    handed,
  });
  return { ...trial, registryHost: host };
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
  id?: string,
): DesiredApplication {
  return monitorApplication('compose', { repository, revision, timeout: 30_000, ...change }, { id });
}
