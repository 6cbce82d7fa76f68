import { packTarGz } from '../../core/archive/index.js';
import { systemClock } from '../../core/host/clock.js';
import {
  type ArtifactRegistry,
  artifactAt,
  type DesiredApplication,
  type DesiredComponent,
} from '../../core/plugin/index.js';
import { testContext } from '../../core/testing/index.js';
import { registryOci } from '../../providers/registry/oci/index.js';
import { targetK3s } from '../../providers/target/k3s/index.js';
import type { RegistryPart } from '../parts/index.js';
import { monitorApplication, type TargetTrial, targetTrial } from './trial.js';

/** A registry with a certificate of its own and a password. */
export interface Charts {
  /** Pushes a chart of these templates by our own OCI client, under a version as tags have it. Returns its repository. */
  push(name: string, version: string, templates: Readonly<Record<string, string>>): Promise<string>;
  dispose(): Promise<void>;
}

export async function charts(
  part: RegistryPart,
  credentials?: { readonly username: string; readonly password: string },
): Promise<Charts> {
  const registry = await testContext<ArtifactRegistry>(registryOci, {
    clock: systemClock,
    config: { registries: [{ url: part.url, ...(part.ca && { ca: part.ca.file }), ...credentials }] },
  });
  return {
    async push(name, version, templates) {
      // Tags have `_` for the `+` of a version.
      const metadata = { apiVersion: 'v2', name, version: version.replaceAll('_', '+') };
      const files = Object.entries(templates).map(([file, text]) => ({
        path: `${name}/templates/${file}`,
        bytes: Buffer.from(text),
      }));
      const bytes = await packTarGz([
        { path: `${name}/Chart.yaml`, bytes: Buffer.from(JSON.stringify(metadata)) },
        ...files,
      ]);
      const repository = `oci://${part.host}/charts/${name}`;
      await registry.instance.push(artifactAt(repository, version), {
        artifactType: 'application/vnd.cncf.helm.config.v1+json',
        config: {
          mediaType: 'application/vnd.cncf.helm.config.v1+json',
          bytes: Buffer.from(JSON.stringify(metadata)),
        },
        layers: [{ mediaType: 'application/vnd.cncf.helm.chart.content.v1.tar+gzip', bytes }],
      });
      return repository;
    },
    dispose: () => registry.dispose(),
  };
}

/** A target.k3s for charts, on a real cluster. */
export function helmTrial(kubeconfig: string, config: object): Promise<TargetTrial> {
  return targetTrial(targetK3s, {
    name: 'k3s',
    config: { kubeconfig, deploymentTypes: ['helm'], settle: 0, ...config },
  });
}

/** A deployment of one chart. */
export function chartApplication(
  repository: string,
  revision: string,
  change: Partial<DesiredComponent> = {},
  { id, namespace = 'line' }: { readonly id?: string; readonly namespace?: string } = {},
): DesiredApplication {
  return monitorApplication('helm', { repository, revision, timeout: 120_000, ...change }, { id, namespace });
}
