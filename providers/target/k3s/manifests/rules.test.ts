import { expect, it } from 'vitest';
import type { KubernetesObject } from '../kubernetes.js';
import { permissions } from '../permissions.js';
import { ruleFaults } from './rules.js';

const deployment = (pod: object): KubernetesObject => ({
  apiVersion: 'apps/v1',
  kind: 'Deployment',
  metadata: { name: 'web' },
  spec: { template: { spec: pod } },
});
const one = (kind: string, apiVersion: string, namespace?: string): KubernetesObject => ({
  apiVersion,
  kind,
  metadata: { name: 'x', ...(namespace !== undefined && { namespace }) },
});

const cases = [
  ['cluster-objects', one('ClusterRole', 'v1'), false],
  ['other-namespaces', one('ConfigMap', 'v1', 'elsewhere'), true],
  ['roles', one('RoleBinding', 'rbac.authorization.k8s.io/v1'), true],
  ['privileged', deployment({ containers: [{ name: 'a', securityContext: { privileged: true } }] }), true],
  ['privileged', deployment({ initContainers: [{ name: 'a', securityContext: { privileged: true } }] }), true],
  ['host-namespaces', deployment({ hostNetwork: true, containers: [] }), true],
  ['host-namespaces', { ...one('Pod', 'v1'), spec: { hostPID: true } }, true],
  [
    'host-namespaces',
    { ...one('CronJob', 'batch/v1'), spec: { jobTemplate: { spec: { template: { spec: { hostIPC: true } } } } } },
    true,
  ],
  ['host-paths', deployment({ volumes: [{ name: 'v', hostPath: { path: '/' } }] }), true],
  ['k3s-objects', one('HelmChart', 'helm.cattle.io/v1'), true],
  ['k3s-objects', one('Addon', 'k3s.cattle.io/v1'), true],
  ['host-ports', deployment({ containers: [{ name: 'a', ports: [{ hostPort: 80 }] }] }), true],
  [
    'capabilities',
    deployment({ containers: [{ name: 'a', securityContext: { capabilities: { add: ['SYS_ADMIN'] } } }] }),
    true,
  ],
] as const;

it.each(cases)('%s is for the config to allow: %j', (permission, object, namespaced) => {
  const given = [{ object, type: { namespaced } }];
  const faults = ruleFaults(given, 'line', []);
  expect(faults).toEqual([expect.stringContaining(`(\`allow: [${permission}]\`)`)]);
  expect(
    ruleFaults(
      given,
      'line',
      permissions.filter((other) => other !== permission),
    ),
  ).toHaveLength(1);
  expect(ruleFaults(given, 'line', [permission])).toEqual([]);
});

it.each(['hostPath', 'local'])("asks for the node's files too for a volume of the cluster by %s", (source) => {
  const object = { ...one('PersistentVolume', 'v1'), spec: { [source]: { path: '/etc' } } };
  expect(ruleFaults([{ object, type: { namespaced: false } }], 'line', ['cluster-objects'])).toEqual([
    `PersistentVolume x: spec.${source}: the node's files are not allowed (\`allow: [host-paths]\`)`,
  ]);
});

it('says where', () => {
  const object = deployment({ containers: [{ name: 'a', securityContext: { privileged: true } }] });
  expect(ruleFaults([{ object, type: { namespaced: true } }], 'line', [])).toEqual([
    'Deployment web: spec.template.spec.containers.a: privileged containers are not allowed (`allow: [privileged]`)',
  ]);
});

it('has nothing against ordinary workloads', () => {
  const object = deployment({
    containers: [{ name: 'a', ports: [{ containerPort: 80 }], securityContext: { capabilities: { drop: ['ALL'] } } }],
  });
  expect(ruleFaults([{ object, type: { namespaced: true } }], 'line', [])).toEqual([]);
});
