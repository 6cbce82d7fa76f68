import { AppsV1Api, CoreV1Api, type V1Deployment, type V1Pod } from '@kubernetes/client-node';
import type { TargetPlatform } from '../../core/testing/target/index.js';
import type { KubernetesWithNode } from '../parts/index.js';

/**
 * What a cluster shows of components of one Deployment each, whose pods have a label `app` of its own and say their version
 * in the variable VERSION.
 *
 * @param isOf whether a Deployment is the component's
 */
export function podsOnCluster(
  cluster: KubernetesWithNode,
  namespace: string,
  isOf: (deployment: V1Deployment, id: string, component: string) => boolean,
): Pick<TargetPlatform, 'running' | 'starts' | 'crash'> {
  const apps = cluster.client().makeApiClient(AppsV1Api);
  const core = cluster.client().makeApiClient(CoreV1Api);
  const deploymentsOf = async (id: string, component: string): Promise<V1Deployment[]> =>
    (await apps.listNamespacedDeployment({ namespace })).items.filter((each) => isOf(each, id, component));
  const podsOf = async (id: string, component: string): Promise<V1Pod[]> => {
    const [deployments, { items: pods }] = await Promise.all([
      deploymentsOf(id, component),
      core.listNamespacedPod({ namespace }),
    ]);
    const made = deployments.map(({ spec }) => spec?.selector.matchLabels?.['app']);
    return pods.filter(({ metadata }) => made.includes(metadata?.labels?.['app']));
  };
  return {
    running: async (id, component) =>
      (await podsOf(id, component))
        .filter(runs)
        .map(({ spec }) => spec?.containers[0]?.env?.find(({ name }) => name === 'VERSION')?.value ?? '?'),
    starts: async (id, component) => {
      const { items } = await core.listNamespacedEvent({ namespace, fieldSelector: 'reason=Started' });
      const names = (await deploymentsOf(id, component)).map(({ metadata }) => `${metadata?.name}-`);
      return items
        .filter(({ involvedObject }) => names.some((name) => involvedObject.name?.startsWith(name)))
        .reduce((sum, { count = 1 }) => sum + count, 0);
    },
    crash: async (id, component) => {
      for (const { status } of (await podsOf(id, component)).filter(runs)) {
        const container = status?.containerStatuses?.[0]?.containerID?.replace('containerd://', '') ?? '';
        await cluster.node.run('ctr', ['--namespace', 'k8s.io', 'tasks', 'kill', '--signal', 'SIGKILL', container]);
      }
    },
  };
}

/** Ends all Deployments that are chosen, with their pods. */
export async function endPods(
  cluster: KubernetesWithNode,
  chosen: { readonly namespace: string; readonly labelSelector?: string },
): Promise<void> {
  const apps = cluster.client().makeApiClient(AppsV1Api);
  const core = cluster.client().makeApiClient(CoreV1Api);
  await apps.deleteCollectionNamespacedDeployment(chosen);
  // Or else it makes its pods anew, whose starts would count in the next case.
  await apps.deleteCollectionNamespacedReplicaSet(chosen);
  await core.deleteCollectionNamespacedPod(chosen);
}

function runs({ status }: V1Pod): boolean {
  return status?.containerStatuses?.some(({ state }) => state?.running !== undefined) ?? false;
}
