import type { Cluster } from '../cluster.js';
import type { KubernetesObject, ResourceType } from '../kubernetes.js';
import { fields, items } from './pod-templates.js';

export interface Typed {
  readonly object: KubernetesObject;
  readonly type: Pick<ResourceType, 'namespaced'>;
}

/** Where each object lies: the cluster knows, or the component's own CustomResourceDefinitions do. */
export async function typed(
  objects: readonly KubernetesObject[],
  cluster: Cluster,
  signal: AbortSignal,
): Promise<readonly Typed[]> {
  const own = new Map(objects.flatMap(definedKinds));
  return Promise.all(
    objects.map(async (object) => {
      const type = own.get(`${object.apiVersion} ${object.kind}`) ?? (await cluster.resource(object, signal));
      return { object, type };
    }),
  );
}

/** `apiVersion kind` of each version that a CustomResourceDefinition brings. */
export function definedKinds(object: KubernetesObject): [string, Pick<ResourceType, 'namespaced'>][] {
  if (object.kind !== 'CustomResourceDefinition') return [];
  const spec = fields(object['spec']) ?? {};
  const kind = fields(spec['names'])?.['kind'];
  const namespaced = spec['scope'] !== 'Cluster';
  return items(spec['versions']).map(({ name }) => [
    `${String(spec['group'])}/${String(name)} ${String(kind)}`,
    { namespaced },
  ]);
}
