/** Media types, artifact types and annotations of the standard and of this project. */
export const mediaTypes = {
  manifest: 'application/vnd.margo.manifest.v1+json',
  bundle: 'application/vnd.margo.bundle.v1+tar+gzip',
  deployment: 'application/yaml',
  description: 'application/vnd.margo.app.description.v1+yaml',
  composeLayer: 'application/vnd.org.margo.component.compose.tar+gzip',
  processLayer: 'application/vnd.tutti.component.process.v1.tar+gzip',
} as const;

export const artifactTypes = {
  application: 'application/vnd.margo.app.v1+json',
  compose: 'application/vnd.org.margo.component.compose+json',
  process: 'application/vnd.tutti.component.process.v1+json',
} as const;

export const annotations = {
  title: 'org.opencontainers.image.title',
  version: 'org.opencontainers.image.version',
  description: 'org.opencontainers.image.description',
  authors: 'org.opencontainers.image.authors',
  resource: 'org.margo.app.resource',
  componentType: 'org.margo.component.type',
  componentVersion: 'org.margo.component.version',
} as const;
