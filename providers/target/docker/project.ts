import { createHash } from 'node:crypto';

/** Labels on every container that we make; what they say is all we remember of an application. */
export const labels = {
  owner: 'dev.tutti.owner',
  application: 'dev.tutti.application',
  applicationName: 'dev.tutti.application-name',
  component: 'dev.tutti.component',
  /** The component's digest. */
  applied: 'dev.tutti.applied',
  /** Names of all services of the component, with commas: tells when one has lost its container. */
  services: 'dev.tutti.services',
} as const;

/** Labels that Compose puts on what it makes. */
export const composeLabels = {
  project: 'com.docker.compose.project',
  service: 'com.docker.compose.service',
  dependsOn: 'com.docker.compose.depends_on',
  oneOff: 'com.docker.compose.oneoff',
} as const;

/**
 * The compose project of a component: `<component>-<first 8 of the deployment id>-<8 hex digits>`. The same for ever,
 * since the names of volumes are made of it; the digits keep apart what the readable part does not.
 */
export function projectName(applicationId: string, component: string): string {
  // Compose: lower-case letters, digits, dashes and underscores, beginning with a letter or digit.
  const readable = `${component.slice(0, 30)}-${applicationId.slice(0, 8)}`
    .toLowerCase()
    .replace(/[^a-z0-9_-]+/g, '-')
    .replace(/^[^a-z0-9]+|[-_]+$/g, '');
  const exact = createHash('sha256').update(`${applicationId}\0${component}`).digest('hex').slice(0, 8);
  return readable === '' ? `c-${exact}` : `${readable}-${exact}`;
}
