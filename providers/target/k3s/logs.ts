import { hasStatus } from './api-fault.js';
import type { Cluster } from './cluster.js';
import type { KubernetesObject } from './kubernetes.js';
import { podModel, type Workload } from './workload-model.js';

/** The newest lines of these workloads' containers together, oldest first; with the container's name where there are several. */
export async function workloadLogs(cluster: Cluster, workloads: readonly Workload[], lines: number): Promise<string[]> {
  if (lines < 1) return [];
  const containers = workloads.flatMap(({ pods }) => pods.flatMap(containersOf));
  const all = await Promise.all(
    containers.map(async (from) => {
      const prefix = containers.length > 1 ? `${from.pod} ${from.container} | ` : '';
      return (await timedLines(cluster, from, lines)).map(({ time, text }) => ({ time, text: prefix + text }));
    }),
  );
  return all
    .flat()
    .sort((a, b) => (a.time < b.time ? -1 : a.time > b.time ? 1 : 0))
    .slice(-lines)
    .map(({ text }) => text);
}

interface Container {
  readonly namespace: string;
  readonly pod: string;
  readonly container: string;
  /** Of a container that waits to be started again only the run before has said something. */
  readonly previous: boolean;
}

function containersOf(pod: KubernetesObject): Container[] {
  const { initContainerStatuses, containerStatuses } = podModel.parse(pod).status;
  const { namespace = 'default', name } = pod.metadata;
  return [...initContainerStatuses, ...containerStatuses]
    .filter(({ state, lastState }) => state.running ?? state.terminated ?? lastState.terminated)
    .map(({ name: container, state }) => ({ namespace, pod: name, container, previous: state.waiting !== undefined }));
}

async function timedLines(cluster: Cluster, from: Container, tail: number): Promise<{ time: string; text: string }[]> {
  try {
    const text = await cluster.log({ ...from, lines: tail, timestamps: true });
    return text
      .split('\n')
      .filter((line) => line !== '')
      .map((line) => {
        const space = line.indexOf(' ');
        return space < 0 ? { time: line, text: '' } : { time: line.slice(0, space), text: line.slice(space + 1) };
      });
  } catch (error) {
    // The pod went, or its container has never run, or another run has begun since it was looked at.
    if (hasStatus(error, 400, 404)) return [];
    throw error;
  }
}
