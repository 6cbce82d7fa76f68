export { confidential, type RegistryAccess } from './access.js';
export { digestOf, indexType, manifestType, Repository, type SeededArtifact, seed } from './content.js';
export type { RequestPart } from './distribution.js';
export * as misbehaviours from './misbehaviour.js';
export { RegistryServer, type SeenRequest } from './server.js';
