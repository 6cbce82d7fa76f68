import type { KubernetesObject } from './kubernetes.js';
import { keyOf, shown } from './kubernetes.js';
import { podTrouble, type Trouble, worst } from './pod-trouble.js';
import {
  type Condition,
  daemonSetModel,
  deploymentModel,
  jobModel,
  statefulSetModel,
  type Workload,
} from './workload-model.js';

export interface WorkloadStatus {
  /**
   * - `ok`: all of it runs; `done`: it has ended well, as a job does.
   * - `starting`: it is on its way.
   * - `failing`: it does not run, for a reason that its controller goes on trying to get over.
   * - `failed`: nobody tries any more.
   */
  readonly condition: 'ok' | 'done' | 'starting' | 'failing' | 'failed';
  readonly reason?: string;
  readonly unhealthy?: boolean;
  readonly output?: Trouble['output'];
  /** Has nothing to tell why by itself: what the cluster says about it (its events) may. */
  readonly unexplained?: KubernetesObject;
}

/**
 * What a workload and its pods amount to. When a Deployment, StatefulSet, DaemonSet or Job is as it should be follows
 * `kubectl rollout status` and kstatus (sigs.k8s.io/cli-utils).
 */
export function workloadStatus({ object, pods }: Workload): WorkloadStatus {
  if (object.metadata.deletionTimestamp !== undefined) {
    return { condition: 'starting', reason: `${shown(keyOf(object))} is being deleted` };
  }
  const own = ownStatus(object);
  if (own.condition === 'done' || own.condition === 'failed') {
    return own.condition === 'failed' ? explained(own, object, pods) : own;
  }
  if (own.condition === 'ok' && object.kind !== 'Pod' && object.kind !== 'Job') return own;
  return explained(own, object, object.kind === 'Pod' ? [object] : pods);
}

/** Pods tell more exactly than the controller that counts them. */
function explained(own: WorkloadStatus, object: KubernetesObject, pods: readonly KubernetesObject[]): WorkloadStatus {
  const trouble = worst(pods.map(podTrouble));
  if (trouble === undefined) {
    return own.condition === 'starting' || own.condition === 'failing' ? { ...own, unexplained: object } : own;
  }
  const { severity, ...told } = trouble;
  if (own.condition === 'failed' || own.condition === 'failing') {
    return { ...own, ...told, reason: `${own.reason ?? 'it failed'}; ${told.reason}` };
  }
  // A pod that is only on its way says little: what the cluster complains of may say why that takes so long.
  if (severity === 'waiting') {
    const unexplained = pods.find((pod) => podTrouble(pod)?.reason === told.reason) ?? object;
    return { ...told, condition: 'starting', unexplained };
  }
  // A controller replaces a pod that has failed; only a bare one stays as it is.
  if (severity === 'failed' && object.kind === 'Pod') return { ...told, condition: 'failed' };
  return { ...told, condition: severity === 'blocked' ? 'starting' : 'failing' };
}

function ownStatus(object: KubernetesObject): WorkloadStatus {
  switch (object.kind) {
    case 'Deployment':
      return deployment(object);
    case 'StatefulSet':
      return statefulSet(object);
    case 'DaemonSet':
      return daemonSet(object);
    case 'ReplicaSet':
      return replicaSet(object);
    case 'Job':
      return job(object);
    case 'Pod':
      return (object['status'] as { readonly phase?: string } | undefined)?.phase === 'Succeeded'
        ? { condition: 'done' }
        : { condition: 'ok' };
    default:
      // A CronJob is as it should be whether or not it is its time.
      return { condition: 'ok' };
  }
}

function deployment(object: KubernetesObject): WorkloadStatus {
  const { spec, status } = deploymentModel.parse(object);
  const which = shown(keyOf(object));
  if (unseen(object, status.observedGeneration)) return starting(`${which} is not seen by its controller yet`);
  const progress = conditionOf(status.conditions, 'Progressing');
  if (progress?.reason === 'ProgressDeadlineExceeded') {
    return { condition: 'failed', reason: `${which} made no progress in time${since(progress)}: ${progress.message}` };
  }
  // A quota that is used up, an admission that says no.
  const failure = conditionOf(status.conditions, 'ReplicaFailure');
  if (failure?.status === 'True') {
    return { condition: 'failing', reason: `${which} can make no pods${since(failure)}: ${failure.message}` };
  }
  if (spec.paused) return starting(`${which} is paused`);
  const { replicas } = spec;
  if (status.updatedReplicas < replicas)
    return starting(`${status.updatedReplicas} of ${replicas} pods of ${which} are made`);
  if (status.replicas > status.updatedReplicas) {
    return starting(`${status.replicas - status.updatedReplicas} earlier pods of ${which} still run`);
  }
  if (status.availableReplicas < replicas)
    return starting(`${status.availableReplicas} of ${replicas} pods of ${which} run`);
  return { condition: 'ok' };
}

function replicaSet(object: KubernetesObject): WorkloadStatus {
  const { spec, status } = deploymentModel.parse(object);
  const which = shown(keyOf(object));
  if (unseen(object, status.observedGeneration)) return starting(`${which} is not seen by its controller yet`);
  const { replicas } = spec;
  return status.availableReplicas < replicas
    ? starting(`${status.availableReplicas} of ${replicas} pods of ${which} run`)
    : { condition: 'ok' };
}

function statefulSet(object: KubernetesObject): WorkloadStatus {
  const { spec, status } = statefulSetModel.parse(object);
  const which = shown(keyOf(object));
  if (unseen(object, status.observedGeneration)) return starting(`${which} is not seen by its controller yet`);
  const { replicas, updateStrategy } = spec;
  if (status.readyReplicas < replicas)
    return starting(`${status.readyReplicas} of ${replicas} pods of ${which} are ready`);
  const due = replicas - (updateStrategy.rollingUpdate?.partition ?? 0);
  const rolling = updateStrategy.type === 'RollingUpdate' && status.updateRevision !== status.currentRevision;
  if (rolling && status.updatedReplicas < due)
    return starting(`${status.updatedReplicas} of ${due} pods of ${which} are updated`);
  return { condition: 'ok' };
}

function daemonSet(object: KubernetesObject): WorkloadStatus {
  const { spec, status } = daemonSetModel.parse(object);
  const which = shown(keyOf(object));
  if (unseen(object, status.observedGeneration)) return starting(`${which} is not seen by its controller yet`);
  const { desiredNumberScheduled: wanted, updatedNumberScheduled: updated, numberAvailable: available } = status;
  if (spec.updateStrategy.type === 'RollingUpdate' && updated < wanted) {
    return starting(`${updated} of ${wanted} pods of ${which} are updated`);
  }
  if (available < wanted) return starting(`${available} of ${wanted} pods of ${which} run`);
  return { condition: 'ok' };
}

function job(object: KubernetesObject): WorkloadStatus {
  const { spec, status } = jobModel.parse(object);
  const which = shown(keyOf(object));
  if (conditionOf(status.conditions, 'Complete')?.status === 'True') return { condition: 'done' };
  const failed = conditionOf(status.conditions, 'Failed');
  if (failed?.status === 'True') {
    return { condition: 'failed', reason: `${which} failed${since(failed)}: ${failed.message || failed.reason}` };
  }
  if (spec.suspend) return { condition: 'ok' };
  if (status.active === 0) return starting(`${which} has not begun yet`);
  // One that is at its work is what it should be; one whose pods fail is about to fail itself.
  return status.failed === 0 ? { condition: 'ok' } : starting(`${status.failed} pods of ${which} failed`);
}

function unseen({ metadata }: KubernetesObject, observed: number): boolean {
  return (metadata.generation ?? 0) > observed;
}

const starting = (reason: string): WorkloadStatus => ({ condition: 'starting', reason });

function conditionOf(all: readonly Condition[], type: string): Condition | undefined {
  return all.find((condition) => condition.type === type);
}

function since({ lastTransitionTime }: Condition): string {
  return lastTransitionTime === undefined ? '' : ` since ${lastTransitionTime}`;
}
