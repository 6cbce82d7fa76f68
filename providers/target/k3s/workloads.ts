import { type Cluster, collection } from './cluster.js';
import type { KubernetesObject, ObjectKey } from './kubernetes.js';
import type { Workload } from './workload-model.js';

type Kind = Pick<ObjectKey, 'apiVersion' | 'kind'>;

/** What runs pods by itself. */
const workloadKinds: readonly Kind[] = [
  { apiVersion: 'apps/v1', kind: 'Deployment' },
  { apiVersion: 'apps/v1', kind: 'StatefulSet' },
  { apiVersion: 'apps/v1', kind: 'DaemonSet' },
  { apiVersion: 'apps/v1', kind: 'ReplicaSet' },
  { apiVersion: 'batch/v1', kind: 'Job' },
  { apiVersion: 'v1', kind: 'Pod' },
];
/** Of each of these the cluster has one, by its age. */
const cronJobs: readonly Kind[] = [
  { apiVersion: 'batch/v1', kind: 'CronJob' },
  { apiVersion: 'batch/v1beta1', kind: 'CronJob' },
];

/** Where the cluster has its CronJobs. */
async function cronJobsOf(cluster: Cluster, signal: AbortSignal | undefined): Promise<readonly Kind[]> {
  const served = await Promise.all(cronJobs.map((kind) => cluster.has(kind, signal)));
  return cronJobs.filter((_, at) => served[at]).slice(0, 1);
}

/** Everything that is watched to learn of changes of workloads; CronJobs besides. */
export const watchedWorkloads: readonly (Kind & { readonly path: string })[] = [
  { apiVersion: 'apps/v1', kind: 'Deployment', path: '/apis/apps/v1/deployments' },
  { apiVersion: 'apps/v1', kind: 'StatefulSet', path: '/apis/apps/v1/statefulsets' },
  { apiVersion: 'apps/v1', kind: 'DaemonSet', path: '/apis/apps/v1/daemonsets' },
  { apiVersion: 'apps/v1', kind: 'ReplicaSet', path: '/apis/apps/v1/replicasets' },
  { apiVersion: 'batch/v1', kind: 'Job', path: '/apis/batch/v1/jobs' },
  { apiVersion: 'v1', kind: 'Pod', path: '/api/v1/pods' },
];

/** The list of CronJobs that is watched; one that nobody serves where there are none. */
export async function watchedCronJobs(cluster: Cluster, signal: AbortSignal): Promise<string> {
  const [kind] = await cronJobsOf(cluster, signal);
  return kind === undefined ? '/apis/batch/v1/cronjobs' : collection(await cluster.resource(kind, signal));
}

export function isWorkload({ apiVersion, kind }: Kind): boolean {
  return [...workloadKinds, ...cronJobs].some((each) => each.kind === kind && each.apiVersion === apiVersion);
}

/** Whether it has to be there as long as its release is: a Job may have gone after its time, and is not run again. */
export function isLasting(key: Kind): boolean {
  return isWorkload(key) && key.kind !== 'Job';
}

/** The workloads of a namespace as they are now, each with the pods that are there for it. */
export async function workloadsIn(
  cluster: Cluster,
  namespace: string,
  signal?: AbortSignal,
): Promise<readonly Workload[]> {
  const kinds = [...workloadKinds, ...(await cronJobsOf(cluster, signal))];
  const lists = await Promise.all(
    kinds.map(async (kind) => {
      const path = collection(await cluster.resource(kind, signal), namespace);
      return (await cluster.list(path, { signal })).items;
    }),
  );
  return families(lists.flat());
}

/** Sorts what a namespace has under the objects that nobody else has made. */
export function families(objects: readonly KubernetesObject[]): Workload[] {
  const known = new Map(objects.map((object) => [object.metadata.uid, object]));
  const pods = new Map<KubernetesObject, KubernetesObject[]>();
  for (const object of objects) {
    const top = topOf(object, known);
    const own = pods.get(top) ?? [];
    if (object.kind === 'Pod') own.push(object);
    pods.set(top, own);
  }
  return [...pods].map(([object, own]) => ({ object, pods: own }));
}

/** The object that a controller made it for in the end, as far as it is known. */
export function topOf<T extends Pick<KubernetesObject, 'metadata'>>(
  object: T,
  known: ReadonlyMap<string | undefined, T>,
): T {
  const owner = object.metadata.ownerReferences?.find(({ controller }) => controller === true);
  const above = owner && known.get(owner.uid);
  return above === undefined || above === object ? object : topOf(above, known);
}
