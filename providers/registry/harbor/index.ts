import { defineProvider, optional } from '../../../core/plugin/index.js';
import { ArtifactRegistry, SecretProvider } from '../../../core/ports/index.js';
import { HarborApi } from '../../shared/harbor/index.js';
import { Authorization, Endpoints, Transport } from '../../shared/oci/index.js';
import { harborConfig } from './config.js';
import { HarborRegistry } from './registry.js';

/** `registry.harbor`: `registry.oci`, and what Harbor's API v2.0 knows of an artifact. */
export const registryHarbor = defineProvider({
  port: ArtifactRegistry,
  type: 'registry.harbor',
  version: '1.0.0',
  summary: 'Pulls from and pushes to a Harbor, and asks it what its scanner found',
  needs: {
    network: 'Connects to the Harbor and the registries of its config, and to any other if unlisted ones are allowed',
    files: 'Reads the CA and password files of its config',
  },
  config: harborConfig,
  uses: { secrets: optional(SecretProvider) },
  create: ({ config: { registries, unlisted, timeouts, attempts, ...harbor }, uses, clock, log, resolvePath }) => {
    const oci = { registries: [harbor, ...registries], unlisted, timeouts, attempts };
    const endpoints = new Endpoints(oci, resolvePath, uses);
    const transport = new Transport(new Authorization(clock, timeouts.answer), clock, oci);
    const endpoint = endpoints.find(new URL(harbor.url).host);
    const api = new HarborApi(transport, endpoint, timeouts);
    const isHarbor = (registry: string): boolean => endpoints.find(registry) === endpoint;
    const registry = new HarborRegistry(api, isHarbor, endpoints, transport, timeouts);
    return Object.assign(registry, { start: () => endpoint.check(log), stop: () => endpoints.close() });
  },
});

export default registryHarbor;
