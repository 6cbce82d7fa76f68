/** How providers speak Harbor's own API, beside OCI Distribution. */
export { HarborApi } from './api.js';
export { type Artifact, type Project, type Quota, type Repository, type Robot, scanReport } from './documents.js';
export { type IssuedRobot, Robots } from './robots.js';
