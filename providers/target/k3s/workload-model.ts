import { z } from '../../../core/plugin/index.js';
import type { KubernetesObject } from './kubernetes.js';

/** What we read of workloads: few fields, and each may be missing while its controller has not got to it. */

const count = z.number().default(0);
const time = z.string().optional();

const condition = z.object({
  type: z.string(),
  status: z.string(),
  reason: z.string().default(''),
  message: z.string().default(''),
  lastTransitionTime: time,
});
export type Condition = z.output<typeof condition>;
const conditions = z.array(condition).default([]);

const terminated = z.object({
  exitCode: z.number(),
  reason: z.string().default(''),
  message: z.string().default(''),
  startedAt: time,
  finishedAt: time,
});
export type Terminated = z.output<typeof terminated>;

const containerState = z
  .object({
    waiting: z.object({ reason: z.string().default(''), message: z.string().default('') }).optional(),
    running: z.object({ startedAt: time }).optional(),
    terminated: terminated.optional(),
  })
  .default({});

const containerStatus = z.object({
  name: z.string(),
  ready: z.boolean().default(false),
  restartCount: count,
  image: z.string().default(''),
  state: containerState,
  lastState: containerState,
});
export type ContainerStatus = z.output<typeof containerStatus>;
const containerStatuses = z.array(containerStatus).default([]);

const container = z.object({
  name: z.string(),
  image: z.string().default(''),
  readinessProbe: z.unknown().optional(),
});

export const podModel = z.object({
  spec: z.object({
    restartPolicy: z.string().default('Always'),
    containers: z.array(container).default([]),
    initContainers: z.array(container).default([]),
  }),
  status: z
    .object({
      phase: z.string().default('Pending'),
      reason: z.string().default(''),
      message: z.string().default(''),
      startTime: time,
      conditions,
      initContainerStatuses: containerStatuses,
      containerStatuses,
    })
    .prefault({}),
});
export type PodModel = z.output<typeof podModel>;

export const deploymentModel = z.object({
  spec: z.object({ replicas: z.number().default(1), paused: z.boolean().default(false) }),
  status: z
    .object({
      observedGeneration: count,
      replicas: count,
      updatedReplicas: count,
      availableReplicas: count,
      conditions,
    })
    .prefault({}),
});

export const statefulSetModel = z.object({
  spec: z.object({
    replicas: z.number().default(1),
    updateStrategy: z
      .object({
        type: z.string().default('RollingUpdate'),
        rollingUpdate: z.object({ partition: count }).optional(),
      })
      .prefault({}),
  }),
  status: z
    .object({
      observedGeneration: count,
      readyReplicas: count,
      updatedReplicas: count,
      currentRevision: z.string().default(''),
      updateRevision: z.string().default(''),
    })
    .prefault({}),
});

export const daemonSetModel = z.object({
  spec: z.object({ updateStrategy: z.object({ type: z.string().default('RollingUpdate') }).prefault({}) }),
  status: z
    .object({
      observedGeneration: count,
      desiredNumberScheduled: count,
      updatedNumberScheduled: count,
      numberAvailable: count,
    })
    .prefault({}),
});

export const jobModel = z.object({
  spec: z.object({ suspend: z.boolean().default(false) }),
  status: z.object({ active: count, succeeded: count, failed: count, conditions }).prefault({}),
});

/** A Deployment, StatefulSet, DaemonSet, Job, CronJob or bare Pod with the pods that are there for it. */
export interface Workload {
  readonly object: KubernetesObject;
  readonly pods: readonly KubernetesObject[];
}
