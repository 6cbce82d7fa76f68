import type { ComponentPhase } from '../../../core/plugin/index.js';
import type { Release } from './driver.js';
import { type KubernetesObject, keyOf, type ObjectKey, shown } from './kubernetes.js';
import type { Workload } from './workload-model.js';
import { type WorkloadStatus, workloadStatus } from './workload-status.js';

export interface ComponentState {
  readonly phase: ComponentPhase;
  readonly reason?: string;
  /** Nobody tries any more to bring it up. */
  readonly final: boolean;
  /** It runs, and its readiness probe says no. */
  readonly unhealthy?: boolean;
  /** Whose output, or which object's events, may tell more. */
  readonly output?: WorkloadStatus['output'];
  readonly unexplained?: KubernetesObject;
  /** Every container has a check that says when it is ready: a look at one moment is enough. */
  readonly probed: boolean;
}

/** The workloads of a release among those of its namespaces. */
export function workloadsOf(release: Release, all: readonly Workload[]): readonly Workload[] {
  return all.filter(({ object }) => release.owns(object));
}

/** What a release and its workloads amount to. */
export function componentState(release: Release, workloads: readonly Workload[]): ComponentState {
  const statuses = workloads.map(workloadStatus);
  const worst = worstOf(statuses);
  const probed = workloads.every(({ pods }) => pods.every(isProbed));
  const told = { final: worst?.condition === 'failed' || release.state === 'failed', probed, ...partsOf(worst) };
  if (release.state === 'failed') {
    return { ...told, phase: 'failed', reason: joined(release.reason ?? 'it failed', worst?.reason) };
  }
  if (worst?.condition === 'failed' || worst?.condition === 'failing') return { ...told, phase: 'failed' };
  if (release.state === 'pending') {
    return {
      ...told,
      phase: 'installing',
      reason: release.reason ?? worst?.reason ?? 'its installation is not finished',
    };
  }
  const missing = missingOf(release, workloads);
  if (missing !== undefined) return { ...told, phase: 'stopped', reason: `${shown(missing)} is gone` };
  return { ...told, phase: worst?.condition === 'starting' ? 'installing' : 'running' };
}

function partsOf(status: WorkloadStatus | undefined): Partial<Omit<WorkloadStatus, 'condition'>> {
  const { condition: _condition, ...parts } = status ?? { condition: 'ok' };
  return parts;
}

/** The status that decides. */
function worstOf(statuses: readonly WorkloadStatus[]): WorkloadStatus | undefined {
  const order = ['failed', 'failing', 'starting', 'ok', 'done'] as const;
  for (const condition of order) {
    const found = statuses.find((status) => status.condition === condition);
    if (found !== undefined) return found;
  }
  return undefined;
}

function missingOf({ expected = [] }: Release, workloads: readonly Workload[]): ObjectKey | undefined {
  const there = workloads.map(({ object }) => keyOf(object));
  return expected.find(
    (key) =>
      !there.some(({ kind, namespace, name }) => kind === key.kind && namespace === key.namespace && name === key.name),
  );
}

function isProbed(pod: KubernetesObject): boolean {
  const { containers = [] } = (pod['spec'] ?? {}) as {
    readonly containers?: readonly { readonly readinessProbe?: unknown }[];
  };
  return containers.every(({ readinessProbe }) => readinessProbe !== undefined);
}

function joined(reason: string, more: string | undefined): string {
  return more === undefined ? reason : `${reason}; ${more}`;
}
