import { defineProvider, optional } from '../../../core/plugin/index.js';
import { ArtifactRegistry, PullCredentials, SecretProvider } from '../../../core/ports/index.js';
import { Authorization, Endpoints, OciRegistry, ociConfig, Transport } from '../../shared/oci/index.js';

/** `registry.oci`: any registry that speaks OCI Distribution v1.1. */
export const registryOci = defineProvider({
  port: ArtifactRegistry,
  type: 'registry.oci',
  version: '1.0.0',
  summary: 'Pulls from and pushes to OCI registries',
  needs: {
    network: 'Connects to the registries of its config, and to any other if unlisted ones are allowed',
    files: 'Reads the CA and password files of its config',
  },
  config: ociConfig,
  uses: { secrets: optional(SecretProvider), handed: optional(PullCredentials) },
  create: ({ config, uses, clock, resolvePath }) => {
    const endpoints = new Endpoints(config, resolvePath, uses);
    const transport = new Transport(new Authorization(clock, config.timeouts.answer), clock, config);
    const registry = new OciRegistry(endpoints, transport, config.timeouts);
    return Object.assign(registry, { stop: () => endpoints.close() });
  },
});

export default registryOci;
