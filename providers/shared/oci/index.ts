/** How providers speak OCI Distribution: settings, credentials, transport, the client itself. */
export { Authorization, basic } from './authorization.js';
export { type OciConfig, ociConfig, type RegistryConfig, registryEntry } from './config.js';
export { type CredentialKeepers, type Endpoint, Endpoints } from './endpoints.js';
export { readLimited } from './reading.js';
export { OciRegistry } from './registry.js';
export { type Answer, type RegistryRequest, scopeOf, Transport } from './transport.js';
