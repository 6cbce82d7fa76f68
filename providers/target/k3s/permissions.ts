/** What the profile may allow a component of plain manifests beyond ordinary workloads in its own namespace. */
export const permissions = [
  'cluster-objects',
  'other-namespaces',
  'roles',
  'privileged',
  'host-namespaces',
  'host-paths',
  'host-ports',
  'capabilities',
  'k3s-objects',
] as const;
export type Permission = (typeof permissions)[number];

/** What each of them is, for a person who reads a refusal. */
export const permissionMeaning: Readonly<Record<Permission, string>> = {
  'cluster-objects': 'objects of the whole cluster',
  'other-namespaces': 'objects outside of its own namespace',
  roles: 'rights in the cluster',
  privileged: 'privileged containers',
  'host-namespaces': "the node's own namespaces",
  'host-paths': "the node's files",
  'host-ports': "ports of the node's own address",
  capabilities: 'added capabilities',
  'k3s-objects': 'objects that k3s acts on with all rights',
};
