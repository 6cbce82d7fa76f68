import type { ArtifactToPush } from '../../core/ports/index.js';
import { artifactTypes, mediaTypes } from '../../managers/margo/index.js';

const margoYaml = (version: string): string => `
apiVersion: margo.org/v1-alpha1
kind: ApplicationDescription
id: com-acme-pump
metadata:
  name: Pump
  version: ${version}
  catalog: { application: { tags: [pump] }, organization: [{ name: Acme, site: https://acme.test }] }
deploymentProfiles:
  - id: compose
    type: compose
    components: [{ name: main, properties: { repository: oci://harbor.test/apps/main, revision: ${version} } }]
`;

/** An application package that can be deployed, for a registry. */
export function application(version: string): ArtifactToPush {
  const bytes = new TextEncoder().encode(margoYaml(version));
  const annotations = { 'org.opencontainers.image.title': 'margo.yaml' };
  return {
    artifactType: artifactTypes.application,
    layers: [{ mediaType: mediaTypes.description, bytes, annotations }],
  };
}
