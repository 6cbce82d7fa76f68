import { defineProvider, optional } from '../../../core/plugin/index.js';
import { CredentialIssuer, SecretProvider } from '../../../core/ports/index.js';
import { HarborApi, Robots } from '../../shared/harbor/index.js';
import { Authorization, Endpoints, Transport } from '../../shared/oci/index.js';
import { harborCredentialsConfig } from './config.js';
import { HarborCredentials } from './issuer.js';

/** `credentials.harbor`: a robot account for each device, which may pull from one project and do nothing else. */
export const credentialsHarbor = defineProvider({
  port: CredentialIssuer,
  type: 'credentials.harbor',
  version: '1.0.0',
  summary: 'Makes a robot account in a Harbor for each device, which may pull from one project',
  needs: {
    network: 'Connects to the Harbor of its config',
    files: 'Reads the CA and password files of its config',
  },
  config: harborCredentialsConfig,
  uses: { secrets: optional(SecretProvider) },
  create: ({ config: { project, days, prefix, timeouts, attempts, ...harbor }, uses, clock, log, resolvePath }) => {
    const oci = { registries: [harbor], unlisted: 'refuse' as const, timeouts, attempts };
    const endpoints = new Endpoints(oci, resolvePath, uses);
    const transport = new Transport(new Authorization(clock, timeouts.answer), clock, oci);
    const endpoint = endpoints.find(new URL(harbor.url).host);
    const robots = new Robots(new HarborApi(transport, endpoint, timeouts), clock, { project, days });
    const issuer = new HarborCredentials({ robots, endpoint, prefix });
    return Object.assign(issuer, { start: () => endpoint.check(log), stop: () => endpoints.close() });
  },
});

export default credentialsHarbor;
