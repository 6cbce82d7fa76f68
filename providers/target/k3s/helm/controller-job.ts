import type { TargetFault } from '../../../../core/plugin/index.js';
import { hasStatus } from '../api-fault.js';
import type { Cluster, LogQuery } from '../cluster.js';
import type { KubernetesObject, ObjectKey } from '../kubernetes.js';
import { podTrouble } from '../pod-trouble.js';
import { podModel } from '../workload-model.js';
import { complaintFault } from './complaint.js';
import { chartNamespace } from './controller-chart.js';

/** By which the controller's pods are found (helm-controller, pkg/controllers/chart). */
const chartLabel = 'helmcharts.helm.cattle.io/chart';

export function installJob(release: string): ObjectKey {
  return { apiVersion: 'batch/v1', kind: 'Job', namespace: chartNamespace, name: `helm-install-${release}` };
}

/** Where the pods are in which the controller runs Helm for a release. */
export function podsOf(release: string): { readonly path: string; readonly labelSelector: string } {
  return { path: `/api/v1/namespaces/${chartNamespace}/pods`, labelSelector: `${chartLabel}=${release}` };
}

export async function helmPods(
  cluster: Cluster,
  release: string,
  signal: AbortSignal,
): Promise<readonly KubernetesObject[]> {
  const { path, labelSelector } = podsOf(release);
  return (await cluster.list(path, { labelSelector, signal })).items;
}

/** Whether a Helm runs in one of them: not before its image is there, and not between two tries. */
export function isAtWork(pods: readonly KubernetesObject[]): boolean {
  return pods.some((pod) =>
    podModel.parse(pod).status.containerStatuses.some(({ state }) => state.running !== undefined),
  );
}

/** Lines of a pod's output that are read: it says what it does, and helm's error comes last. */
const tail = 60;

/**
 * Why the controller's Helm does not get on, from the output of one of its pods; nothing while it has not failed. That it
 * is tried again by itself is no reason to wait: the next try has nothing new to say.
 */
export async function helmTrouble(
  cluster: Cluster,
  pods: readonly KubernetesObject[],
  component: string,
  signal: AbortSignal,
): Promise<TargetFault | undefined> {
  for (const pod of pods) {
    const failed = failedRun(pod);
    if (failed === undefined) continue;
    const output = await podOutput(cluster, pod.metadata.name, failed, signal);
    return complaintFault(output, `the cluster's Helm could not install ${component}`);
  }
  return undefined;
}

type Run = Pick<LogQuery, 'container' | 'previous'>;

function failedRun(pod: KubernetesObject): Run | undefined {
  const { status } = podModel.parse(pod);
  for (const { name: container, state, lastState } of status.containerStatuses) {
    if (state.terminated !== undefined && state.terminated.exitCode !== 0) return { container, previous: false };
    const before = lastState.terminated;
    if (state.waiting !== undefined && before !== undefined && before.exitCode !== 0)
      return { container, previous: true };
  }
  return undefined;
}

/** What keeps a pod of the controller from running at all: its image, a node without room. */
export function podReason(pods: readonly KubernetesObject[]): string | undefined {
  return pods.map((pod) => podTrouble(pod)?.reason).find((reason) => reason !== undefined);
}

async function podOutput(cluster: Cluster, pod: string, run: Run, signal: AbortSignal): Promise<string> {
  try {
    return await cluster.log({ ...run, namespace: chartNamespace, pod, lines: tail, signal });
  } catch (error) {
    // The output is gone, or its node does not answer: that it failed is known all the same.
    if (hasStatus(error, 400, 404, 500, 502, 503)) return '';
    throw error;
  }
}
