import { describe, expect, it } from 'vitest';
import type { KubernetesObject } from './kubernetes.js';
import { workloadStatus } from './workload-status.js';

const at = '2026-01-02T03:04:05Z';

function object(kind: string, spec: object, status: object, metadata: object = {}): KubernetesObject {
  const apiVersion = kind === 'Pod' ? 'v1' : kind === 'Job' ? 'batch/v1' : 'apps/v1';
  return { apiVersion, kind, metadata: { name: 'web', namespace: 'line', generation: 2, ...metadata }, spec, status };
}

/** One container, `main`, in this state. */
function pod(
  state: object,
  more: { readonly spec?: object; readonly status?: object; readonly container?: object } = {},
) {
  const container = { name: 'main', image: 'reg.test/web:1', restartCount: 0, ready: false, state, ...more.container };
  return object(
    'Pod',
    { containers: [{ name: 'main' }], ...more.spec },
    { phase: 'Running', startTime: at, containerStatuses: [container], ...more.status },
    { name: 'web-abc' },
  );
}
const ready = pod(
  { running: {} },
  { status: { conditions: [{ type: 'Ready', status: 'True' }] }, container: { ready: true } },
);

const whole = { observedGeneration: 2, replicas: 2, updatedReplicas: 2, availableReplicas: 2 };
const deployment = (status: object, spec: object = { replicas: 2 }) => object('Deployment', spec, status);
const half = deployment({ ...whole, availableReplicas: 1 });

describe('a Deployment', () => {
  it.each([
    [deployment(whole), 'ok', undefined],
    [
      deployment({ ...whole, observedGeneration: 1 }),
      'starting',
      'Deployment line/web is not seen by its controller yet',
    ],
    [deployment({}), 'starting', 'not seen'],
    [deployment({ ...whole, updatedReplicas: 1 }), 'starting', '1 of 2 pods of Deployment line/web are made'],
    [deployment({ ...whole, replicas: 3 }), 'starting', '1 earlier pods of Deployment line/web still run'],
    [half, 'starting', '1 of 2 pods of Deployment line/web run'],
    [deployment({ ...whole, replicas: 0, updatedReplicas: 0, availableReplicas: 0 }, { replicas: 0 }), 'ok', undefined],
    [deployment(whole, { replicas: 2, paused: true }), 'starting', 'is paused'],
    [
      deployment({
        ...whole,
        conditions: [
          {
            type: 'Progressing',
            status: 'False',
            reason: 'ProgressDeadlineExceeded',
            message: 'timed out',
            lastTransitionTime: at,
          },
        ],
      }),
      'failed',
      `made no progress in time since ${at}: timed out`,
    ],
    [
      deployment({
        ...whole,
        availableReplicas: 0,
        conditions: [
          { type: 'ReplicaFailure', status: 'True', reason: 'FailedCreate', message: 'exceeded quota: small' },
        ],
      }),
      'failing',
      'can make no pods: exceeded quota: small',
    ],
  ])('%#: %j', (it, condition, reason) => {
    const found = workloadStatus({ object: it, pods: [] });
    expect(found.condition).toBe(condition);
    if (reason === undefined) expect(found.reason).toBeUndefined();
    else expect(found.reason).toContain(reason);
  });

  it('that is as it should be has no trouble, whatever becomes of pods that go', () => {
    expect(
      workloadStatus({ object: deployment(whole), pods: [pod({ waiting: { reason: 'CrashLoopBackOff' } })] }),
    ).toEqual({
      condition: 'ok',
    });
  });

  it('that is being deleted is on its way', () => {
    const going = { ...half, metadata: { ...half.metadata, deletionTimestamp: at } };
    expect(workloadStatus({ object: going, pods: [] }).reason).toBe('Deployment line/web is being deleted');
  });
});

describe('a pod tells why', () => {
  const of = (...pods: KubernetesObject[]) => workloadStatus({ object: half, pods });

  it.each([
    [
      pod({ waiting: { reason: 'ImagePullBackOff', message: 'Back-off pulling image' } }),
      'failing',
      `image reg.test/web:1 of container main of pod web-abc cannot be pulled since ${at}: ImagePullBackOff: Back-off pulling image`,
    ],
    [
      pod(
        { waiting: { reason: 'CrashLoopBackOff' } },
        { container: { restartCount: 3, lastState: { terminated: { exitCode: 3, reason: 'Error', finishedAt: at } } } },
      ),
      'failing',
      `container main of pod web-abc keeps ending with exit code 3 since ${at} (restarted 3 times)`,
    ],
    [
      pod({ terminated: { exitCode: 137, reason: 'OOMKilled', finishedAt: at } }),
      'failing',
      `container main of pod web-abc ended with exit code 137 (OOMKilled) since ${at}`,
    ],
    [
      pod({ waiting: { reason: 'CreateContainerConfigError', message: 'secret "x" not found' } }),
      'failing',
      'container main of pod web-abc cannot be started: CreateContainerConfigError: secret "x" not found',
    ],
    [
      pod(
        {},
        {
          status: {
            phase: 'Pending',
            containerStatuses: [],
            conditions: [
              {
                type: 'PodScheduled',
                status: 'False',
                reason: 'Unschedulable',
                message: '0/1 nodes: Insufficient cpu',
                lastTransitionTime: at,
              },
            ],
          },
        },
      ),
      'starting',
      `no node takes pod web-abc since ${at}: 0/1 nodes: Insufficient cpu`,
    ],
    [
      pod({}, { status: { phase: 'Failed', reason: 'Evicted', message: 'low on memory', containerStatuses: [] } }),
      'failing',
      'pod web-abc: Evicted: low on memory',
    ],
    [
      pod({ running: { startedAt: at } }, { spec: { containers: [{ name: 'main', readinessProbe: {} }] } }),
      'starting',
      `container main of pod web-abc runs since ${at}, and its readiness probe says no`,
    ],
    [
      pod({ waiting: { reason: 'ContainerCreating' } }, { status: { phase: 'Pending' } }),
      'starting',
      'pod web-abc is being started',
    ],
  ])('%#', (one, condition, reason) => {
    expect(of(one)).toMatchObject({ condition, reason });
  });

  it('whose output says more, and of which run', () => {
    const looping = pod({ waiting: { reason: 'CrashLoopBackOff' } }, { container: { restartCount: 1 } });
    expect(of(looping).output).toEqual({ namespace: 'line', pod: 'web-abc', container: 'main', previous: true });
    expect(of(pod({ terminated: { exitCode: 1 } })).output).toMatchObject({ previous: false });
  });

  it('by its init containers first', () => {
    const init = { name: 'migrate', restartCount: 2, state: { waiting: { reason: 'CrashLoopBackOff' } } };
    const waiting = pod(
      { waiting: { reason: 'PodInitializing' } },
      { status: { phase: 'Pending', initContainerStatuses: [init] } },
    );
    expect(of(waiting).reason).toContain('container migrate of pod web-abc keeps ending');
  });

  it('by the worst of several, one that goes left out', () => {
    const pulling = pod({ waiting: { reason: 'ErrImagePull' } });
    const going = { ...pulling, metadata: { ...pulling.metadata, deletionTimestamp: at } };
    expect(of(ready, pod({ waiting: { reason: 'ContainerCreating' } }), pulling).condition).toBe('failing');
    expect(of(ready, going)).toMatchObject({ condition: 'starting', reason: '1 of 2 pods of Deployment line/web run' });
  });

  it('and when nothing does, events may', () => {
    expect(of().unexplained).toBe(half);
    const starting = pod({ waiting: { reason: 'ContainerCreating' } }, { status: { phase: 'Pending' } });
    expect(of(starting).unexplained).toBe(starting);
    expect(of(pod({ waiting: { reason: 'ErrImagePull' } })).unexplained).toBeUndefined();
  });
});

describe('a Job', () => {
  const job = (status: object) => object('Job', {}, status);
  it.each([
    [job({}), [], 'starting'],
    [job({ active: 1 }), [ready], 'ok'],
    [job({ active: 1 }), [pod({ waiting: { reason: 'ErrImagePull' } })], 'failing'],
    [job({ active: 1, failed: 1 }), [], 'starting'],
    [job({ succeeded: 1, conditions: [{ type: 'Complete', status: 'True' }] }), [], 'done'],
    [
      job({ failed: 1, conditions: [{ type: 'Failed', status: 'True', reason: 'BackoffLimitExceeded' }] }),
      [],
      'failed',
    ],
  ])('%#', (it, pods, condition) => {
    expect(workloadStatus({ object: it, pods: [...pods] }).condition).toBe(condition);
  });
});

it.each([
  [
    'StatefulSet',
    { replicas: 2 },
    { observedGeneration: 2, readyReplicas: 2, currentRevision: 'a', updateRevision: 'a' },
    'ok',
  ],
  ['StatefulSet', { replicas: 2 }, { observedGeneration: 2, readyReplicas: 1 }, 'starting'],
  [
    'StatefulSet',
    { replicas: 2 },
    { observedGeneration: 2, readyReplicas: 2, updatedReplicas: 1, currentRevision: 'a', updateRevision: 'b' },
    'starting',
  ],
  [
    'StatefulSet',
    { replicas: 2, updateStrategy: { type: 'RollingUpdate', rollingUpdate: { partition: 1 } } },
    { observedGeneration: 2, readyReplicas: 2, updatedReplicas: 1, currentRevision: 'a', updateRevision: 'b' },
    'ok',
  ],
  [
    'DaemonSet',
    {},
    { observedGeneration: 2, desiredNumberScheduled: 2, updatedNumberScheduled: 2, numberAvailable: 2 },
    'ok',
  ],
  [
    'DaemonSet',
    {},
    { observedGeneration: 2, desiredNumberScheduled: 2, updatedNumberScheduled: 2, numberAvailable: 1 },
    'starting',
  ],
  [
    'DaemonSet',
    {},
    { observedGeneration: 2, desiredNumberScheduled: 2, updatedNumberScheduled: 1, numberAvailable: 2 },
    'starting',
  ],
])('a %s %j %j is %s', (kind, spec, status, condition) => {
  expect(workloadStatus({ object: object(kind, spec, status), pods: [] }).condition).toBe(condition);
});

describe('a bare pod', () => {
  const alone = (one: KubernetesObject) => workloadStatus({ object: one, pods: [one] });
  it('runs, has ended well, or is not tried again', () => {
    expect(alone(ready).condition).toBe('ok');
    expect(alone(pod({ terminated: { exitCode: 0 } }, { status: { phase: 'Succeeded' } })).condition).toBe('done');
    const never = { spec: { restartPolicy: 'Never' }, status: { phase: 'Failed' } };
    expect(alone(pod({ terminated: { exitCode: 2 } }, never))).toMatchObject({
      condition: 'failed',
      reason: 'container main of pod web-abc ended with exit code 2',
    });
  });
});
