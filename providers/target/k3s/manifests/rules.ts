import type { KubernetesObject, ResourceType } from '../kubernetes.js';
import { keyOf, shown } from '../kubernetes.js';
import { type Permission, permissionMeaning } from '../permissions.js';
import { fields, items, podTemplate } from './pod-templates.js';

/** What of objects the config does not allow, or nobody may bring, one sentence each. */
export function ruleFaults(
  objects: readonly { readonly object: KubernetesObject; readonly type: Pick<ResourceType, 'namespaced'> }[],
  namespace: string,
  allowed: readonly Permission[],
): string[] {
  return objects.flatMap(({ object, type }) => [...reserved(object), ...notAllowed(object, type, namespace, allowed)]);
}

/** Whoever wrote such a Secret would tell us what we have done. */
function reserved(object: KubernetesObject): string[] {
  const type = String(object['type']);
  if (object.kind !== 'Secret' || !type.startsWith('tutti.dev/')) return [];
  return [`${shown(keyOf(object))}: type ${type} is for what we keep ourselves`];
}

function notAllowed(
  object: KubernetesObject,
  type: Pick<ResourceType, 'namespaced'>,
  namespace: string,
  allowed: readonly Permission[],
): string[] {
  return [...placeNeeds(object, type, namespace), ...kindNeeds(object), ...volumeNeeds(object), ...podNeeds(object)]
    .filter(({ permission }) => !allowed.includes(permission))
    .map(({ permission, where }) => {
      const at = where === undefined ? '' : ` ${where}:`;
      return `${shown(keyOf(object))}:${at} ${permissionMeaning[permission]} are not allowed (\`allow: [${permission}]\`)`;
    });
}

interface Need {
  readonly permission: Permission;
  readonly where?: string;
}

function placeNeeds(object: KubernetesObject, { namespaced }: Pick<ResourceType, 'namespaced'>, own: string): Need[] {
  if (!namespaced) return [{ permission: 'cluster-objects' }];
  const { namespace } = object.metadata;
  return namespace === undefined || namespace === own ? [] : [{ permission: 'other-namespaces' }];
}

function kindNeeds({ apiVersion }: KubernetesObject): Need[] {
  if (apiVersion.startsWith('rbac.authorization.k8s.io/')) return [{ permission: 'roles' }];
  // k3s installs a HelmChart of whatever namespace as an administrator of the whole cluster, and so with its addons.
  return /^(helm|k3s)\.cattle\.io\//.test(apiVersion) ? [{ permission: 'k3s-objects' }] : [];
}

/** Whoever claims such a volume gets the node's files, without a word of it in the pod. */
function volumeNeeds({ apiVersion, kind, spec }: KubernetesObject): Need[] {
  if (apiVersion !== 'v1' || kind !== 'PersistentVolume') return [];
  const sources = ['hostPath', 'local'].filter((source) => fields(spec)?.[source] !== undefined);
  return sources.map((source) => ({ permission: 'host-paths', where: `spec.${source}` }));
}

function podNeeds(object: KubernetesObject): Need[] {
  const template = podTemplate(object);
  if (template === undefined) return [];
  const { path, spec } = template;
  const of = (permission: Permission, where: string): Need => ({ permission, where: `${path}.${where}` });
  const shared = ['hostNetwork', 'hostPID', 'hostIPC'].filter((name) => spec[name] === true);
  const paths = items(spec['volumes']).filter((volume) => volume['hostPath'] !== undefined);
  const containers = ['initContainers', 'containers', 'ephemeralContainers'].flatMap((list) =>
    items(spec[list]).map((container) => ({ container, where: `${list}.${String(container['name'])}` })),
  );
  return [
    ...shared.map((name) => of('host-namespaces', name)),
    ...paths.map((volume) => of('host-paths', `volumes.${String(volume['name'])}`)),
    ...containers.flatMap(({ container, where }) =>
      containerNeeds(container).map((permission) => of(permission, where)),
    ),
  ];
}

function containerNeeds(container: Readonly<Record<string, unknown>>): Permission[] {
  const security = fields(container['securityContext']);
  const added = fields(security?.['capabilities'])?.['add'];
  const weak = security?.['privileged'] === true || security?.['procMount'] === 'Unmasked';
  return [
    ...(weak ? (['privileged'] as const) : []),
    ...(Array.isArray(added) && added.length > 0 ? (['capabilities'] as const) : []),
    ...(items(container['ports']).some((port) => Boolean(port['hostPort'])) ? (['host-ports'] as const) : []),
  ];
}
