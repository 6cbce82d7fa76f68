/** What the profile may allow a component beyond an ordinary container. */
export const permissions = [
  'bind-mounts',
  'docker-socket',
  'privileged',
  'host-namespaces',
  'devices',
  'capabilities',
  'security-options',
  'external-volumes',
  'external-networks',
  'logging',
  'build',
] as const;
export type Permission = (typeof permissions)[number];

/** Records a fault, unless its permission was given. */
export type Say = (path: string, fault: string, permission?: Permission) => void;
