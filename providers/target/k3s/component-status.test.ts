import { expect, it } from 'vitest';
import { componentState, workloadsOf } from './component-status.js';
import type { Release } from './driver.js';
import type { KubernetesObject } from './kubernetes.js';
import type { Workload } from './workload-model.js';
import { families } from './workloads.js';

const key = { apiVersion: 'apps/v1', kind: 'Deployment', namespace: 'line', name: 'web' };
const metadata = { name: 'web', namespace: 'line', labels: { release: 'ours' }, uid: 'd' };
const web = (available: number): Workload => ({
  object: {
    ...key,
    metadata,
    spec: { replicas: 1 },
    status: { replicas: 1, updatedReplicas: 1, availableReplicas: available },
  },
  pods: [],
});
const release = (change: Partial<Release> = {}): Release => ({
  application: { id: 'a', name: 'A' },
  component: 'web',
  namespace: 'line',
  applied: 'f00',
  state: 'deployed',
  owns: (object) => object.metadata.labels?.['release'] === 'ours',
  expected: [key],
  ...change,
});

it.each([
  [release(), [web(1)], 'running', undefined],
  [release(), [web(0)], 'installing', '0 of 1 pods of Deployment line/web run'],
  [release(), [], 'stopped', 'Deployment line/web is gone'],
  [release({ expected: [] }), [], 'running', undefined],
  [release({ state: 'pending' }), [web(1)], 'installing', 'its installation is not finished'],
  [
    release({ state: 'pending', reason: 'its removal is not finished' }),
    [web(1)],
    'installing',
    'its removal is not finished',
  ],
  [release({ state: 'failed', reason: 'no such chart' }), [], 'failed', 'no such chart'],
  [
    release({ state: 'failed', reason: 'timed out' }),
    [web(0)],
    'failed',
    'timed out; 0 of 1 pods of Deployment line/web run',
  ],
])('%#: %j', (of, workloads, phase, reason) => {
  const state = componentState(of, workloads);
  expect(state.phase).toBe(phase);
  expect(state.reason).toBe(reason);
});

const owned = (kind: string, uid: string, owner: string): KubernetesObject => ({
  apiVersion: 'v1',
  kind,
  metadata: {
    name: uid,
    namespace: 'line',
    uid,
    ownerReferences: [{ kind: '', name: '', uid: owner, controller: true }],
  },
});

it('finds the pods of a release by who made them', () => {
  const replicas = owned('ReplicaSet', 'r', 'd');
  const pod = owned('Pod', 'p', 'r');
  const foreign = owned('Pod', 'q', 'nobody-knows');
  const found = workloadsOf(release(), families([pod, foreign, replicas, web(1).object]));
  expect(found.map(({ object, pods }) => [object.kind, pods.map((each) => each.metadata.uid)])).toEqual([
    ['Deployment', ['p']],
  ]);
});
