/** How providers speak Harbor's own API, beside OCI Distribution. */
export { HarborApi } from './api.js';
export type { Artifact, Project, Quota, Repository, Robot } from './documents.js';
export { type IssuedRobot, Robots } from './robots.js';
