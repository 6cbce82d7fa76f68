import type { ObjectKey } from '../kubernetes.js';

/** What others need comes before them; kinds that are not named come between configuration and workloads. */
const ranks: readonly (readonly string[])[] = [
  ['Namespace'],
  ['CustomResourceDefinition'],
  ['PriorityClass', 'StorageClass', 'RuntimeClass', 'IngressClass'],
  ['ResourceQuota', 'LimitRange', 'NetworkPolicy', 'PodDisruptionBudget'],
  ['ServiceAccount'],
  ['ClusterRole', 'Role'],
  ['ClusterRoleBinding', 'RoleBinding'],
  ['ConfigMap', 'Secret'],
  ['PersistentVolume'],
  ['PersistentVolumeClaim'],
  ['Service'],
];
const last: readonly (readonly string[])[] = [
  ['Pod', 'ReplicationController', 'ReplicaSet', 'Deployment', 'StatefulSet', 'DaemonSet', 'Job', 'CronJob'],
  ['Ingress', 'HorizontalPodAutoscaler', 'APIService'],
  ['MutatingWebhookConfiguration', 'ValidatingWebhookConfiguration'],
];

/** In the order in which they are made; those of one rank stay as they were. */
export function inOrder<T>(objects: readonly T[], key: (object: T) => Pick<ObjectKey, 'kind'>): T[] {
  return objects.toSorted((a, b) => rank(key(a).kind) - rank(key(b).kind));
}

function rank(kind: string): number {
  const before = ranks.findIndex((kinds) => kinds.includes(kind));
  if (before >= 0) return before;
  const after = last.findIndex((kinds) => kinds.includes(kind));
  return after < 0 ? ranks.length : ranks.length + 1 + after;
}
