import type { KubernetesObject } from './kubernetes.js';
import { type ContainerStatus, type PodModel, podModel, type Terminated } from './workload-model.js';

/** Why a pod does not run as it should, in words. */
export interface Trouble {
  /**
   * - `waiting`: something that usually passes: a container that is being made, a pod that is not ready yet.
   * - `blocked`: something that passes when the surroundings change: no node has room.
   * - `failing`: it is wrong with the workload, and is tried again all the same: a crash loop, an image that is nowhere.
   * - `failed`: nobody tries it again.
   */
  readonly severity: 'waiting' | 'blocked' | 'failing' | 'failed';
  readonly reason: string;
  /** It runs, and its readiness probe says no. */
  readonly unhealthy?: boolean;
  /** Whose output tells more; `previous` is that of the run that ended. */
  readonly output?: {
    readonly namespace: string;
    readonly pod: string;
    readonly container: string;
    readonly previous: boolean;
  };
}

/** Nothing when it is ready, or has ended well. */
export function podTrouble(pod: KubernetesObject): Trouble | undefined {
  const model = podModel.parse(pod);
  const { phase } = model.status;
  // One that is going is no trouble of whoever made it, and one that ended well is done.
  if (pod.metadata.deletionTimestamp !== undefined || phase === 'Succeeded') return undefined;
  const found =
    evicted(pod, model) ??
    unschedulable(pod, model) ??
    worst(containersOf(model).map((status) => containerTrouble(pod, model, status)));
  if (found !== undefined) return found;
  if (phase === 'Failed') return { severity: 'failed', reason: `pod ${name(pod)} failed${after(model.status)}` };
  return isReady(model) ? undefined : notReady(pod, model);
}

function isReady({ status }: PodModel): boolean {
  return status.conditions.some(({ type, status: is }) => type === 'Ready' && is === 'True');
}

function evicted(pod: KubernetesObject, { status }: PodModel): Trouble | undefined {
  if (status.phase !== 'Failed' || status.reason === '') return undefined;
  // `Evicted`, `NodeLost`, `DeadlineExceeded`, `UnexpectedAdmissionError`, ...
  return { severity: 'failed', reason: `pod ${name(pod)}: ${status.reason}${after(status)}` };
}

function unschedulable(pod: KubernetesObject, { status }: PodModel): Trouble | undefined {
  const found = status.conditions.find(({ type, status: is }) => type === 'PodScheduled' && is === 'False');
  if (found === undefined) return undefined;
  const why = `no node takes pod ${name(pod)}${since(found.lastTransitionTime)}${after(found)}`;
  return { severity: 'blocked', reason: why };
}

/** Init containers first: while one of them does not end, the others only wait for it. */
function containersOf({ status }: PodModel): readonly ContainerStatus[] {
  return [...status.initContainerStatuses, ...status.containerStatuses];
}

/** k8s.io/kubernetes, pkg/kubelet/images/types.go */
const image = new Set([
  ...['ErrImagePull', 'ImagePullBackOff', 'RegistryUnavailable', 'ImageInspectError'],
  ...['InvalidImageName', 'ErrImageNeverPull', 'SignatureValidationFailed'],
]);
/** What a container waits for that is only being started. */
const ordinary = new Set(['ContainerCreating', 'PodInitializing', '']);

function containerTrouble(pod: KubernetesObject, model: PodModel, status: ContainerStatus): Trouble | undefined {
  const { state, lastState, restartCount } = status;
  const which = `container ${status.name} of pod ${name(pod)}`;
  const { waiting, terminated } = state;
  if (waiting !== undefined) {
    const { reason } = waiting;
    if (image.has(reason)) {
      const what = `image ${status.image} of ${which} cannot be pulled${since(model.status.startTime)}`;
      return { severity: 'failing', reason: `${what}: ${reason}${after(waiting)}` };
    }
    if (reason === 'CrashLoopBackOff') {
      const ended = lastState.terminated;
      const how = ended === undefined ? 'ending' : `ending with ${exit(ended)}`;
      return {
        severity: 'failing',
        reason: `${which} keeps ${how}${since(ended?.finishedAt)} (restarted ${times(restartCount)})`,
        output: output(pod, status, true),
      };
    }
    if (!ordinary.has(reason)) {
      // `CreateContainerConfigError` (a Secret that is missing), `CreateContainerError`, `RunContainerError`, ...
      return { severity: 'failing', reason: `${which} cannot be started: ${reason}${after(waiting)}` };
    }
    return undefined;
  }
  if (terminated !== undefined && terminated.exitCode !== 0) {
    const severity = model.spec.restartPolicy === 'Never' ? 'failed' : 'failing';
    const reason = `${which} ended with ${exit(terminated)}${since(terminated.finishedAt)}`;
    return { severity, reason, output: output(pod, status, false) };
  }
  if (terminated !== undefined && model.spec.restartPolicy === 'Always' && isMain(model, status)) {
    const reason = `${which} ended (exit code 0)${since(terminated.finishedAt)}; it is started again`;
    return { severity: 'failing', reason, output: output(pod, status, false) };
  }
  const before = lastState.terminated;
  if (before !== undefined && !status.ready && restartCount > 0) {
    const reason = `${which} is not ready; it ended with ${exit(before)} before${since(before.finishedAt)} (restarted ${times(restartCount)})`;
    return { severity: 'failing', reason, output: output(pod, status, true) };
  }
  return undefined;
}

function notReady(pod: KubernetesObject, { spec, status }: PodModel): Trouble {
  const probed = new Set(spec.containers.filter((each) => each.readinessProbe !== undefined).map((each) => each.name));
  const late = status.containerStatuses.find(({ ready, state }) => !ready && state.running !== undefined);
  if (late === undefined) return { severity: 'waiting', reason: `pod ${name(pod)} is being started` };
  const why = probed.has(late.name) ? 'its readiness probe says no' : 'it is not ready yet';
  return {
    severity: 'waiting',
    unhealthy: probed.has(late.name),
    reason: `container ${late.name} of pod ${name(pod)} runs${since(late.state.running?.startedAt)}, and ${why}`,
    output: output(pod, late, false),
  };
}

function isMain({ status }: PodModel, { name: of }: ContainerStatus): boolean {
  return status.containerStatuses.some((each) => each.name === of);
}

const severities = ['failed', 'failing', 'blocked', 'waiting'] as const;

export function worst(troubles: readonly (Trouble | undefined)[]): Trouble | undefined {
  for (const severity of severities) {
    const found = troubles.find((trouble) => trouble?.severity === severity);
    if (found !== undefined) return found;
  }
  return undefined;
}

function exit({ exitCode, reason, message }: Terminated): string {
  // `Error` and `Completed` say no more than the code does; `OOMKilled` does.
  const why = reason === '' || reason === 'Error' || reason === 'Completed' ? '' : ` (${reason})`;
  return `exit code ${exitCode}${why}${message === '' ? '' : `: ${message.trim()}`}`;
}

const name = (pod: KubernetesObject): string => pod.metadata.name;
const since = (at: string | undefined): string => (at === undefined ? '' : ` since ${at}`);
const after = ({ message }: { readonly message: string }): string => (message === '' ? '' : `: ${message}`);
const times = (restarts: number): string => (restarts === 1 ? 'once' : `${restarts} times`);

function output(
  pod: KubernetesObject,
  { name: container }: ContainerStatus,
  previous: boolean,
): Trouble['output'] & object {
  return { namespace: pod.metadata.namespace ?? 'default', pod: pod.metadata.name, container, previous };
}
