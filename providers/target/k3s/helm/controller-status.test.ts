import { expect, it } from 'vitest';
import type { KubernetesObject } from '../kubernetes.js';
import { type ChartSurroundings, chartKey, chartObjects } from './controller-chart.js';
import { controllerRelease } from './controller-status.js';
import { baseRevision } from './history.js';
import type { Goal, Memo } from './memo.js';
import type { ReleaseRevision, ReleaseStatus } from './release-record.js';
import { isActedOn } from './surroundings.js';

const memo: Memo = {
  format: 1,
  way: 'controller',
  release: 'web-1',
  namespace: 'line-a',
  mark: { owner: 'tutti', application: { id: 'a', name: 'A' }, component: 'web' },
  goal: {
    applied: 'd'.repeat(64),
    revision: '1.1.0',
    chart: { chart: 'oci://reg.example/charts/web', version: '1.1.0' },
    values: { token: 'hidden' },
  },
  claimed: true,
  after: 1,
};
const good = {
  ...memo.goal,
  applied: 'c'.repeat(64),
  revision: '1.0.0',
  chart: { ...memo.goal.chart, version: '1.0.0' },
};
const settled = { labels: { 'tutti.dev/settled': 'failed' } };
const around: ChartSurroundings = {
  ca: undefined,
  insecure: 'no',
  logins: [],
  fields: new Set(['valuesSecrets']),
  timeout: 90_500,
};
const chart: KubernetesObject = { ...chartKey('web-1'), metadata: { name: 'web-1', namespace: 'kube-system' } };
const revision = (number: number, status: ReleaseStatus, more: Partial<ReleaseRevision> = {}): ReleaseRevision => ({
  ...{ name: 'web-1', namespace: 'line-a', revision: number, status, description: 'why', chartVersion: '1.1.0' },
  ...{ values: { token: 'hidden', more: 1 }, manifest: '', labels: {}, secret: { name: `v${number}` }, ...more },
});

it('says what there is to be, with values in a Secret that changes with them', () => {
  const { chart: object, secrets } = chartObjects(memo, memo.goal, around);
  expect(object['spec']).toEqual({
    chart: 'oci://reg.example/charts/web',
    version: '1.1.0',
    targetNamespace: 'line-a',
    valuesSecrets: [{ name: 'web-1-values-dddddddd', keys: ['values.yaml'] }],
    timeout: '91s',
    failurePolicy: 'abort',
  });
  expect(secrets.map(({ metadata }) => metadata.name)).toEqual(['web-1-values-dddddddd']);
  expect(JSON.stringify(object)).not.toContain('hidden');
});

it('has the values in the chart where the cluster knows no Secrets for them, and what the operator says of registries', () => {
  const { chart: object, secrets } = chartObjects(memo, memo.goal, {
    ...around,
    fields: new Set(),
    ca: 'PEM',
    insecure: 'plain-http',
    logins: [
      { host: 'reg.example', username: 'ada', password: 'correct horse' },
      { host: 'other.example', username: 'bob', password: 'wrong cow' },
    ],
  });
  expect(object['spec']).toMatchObject({
    valuesContent: '{"token":"hidden"}',
    dockerRegistrySecret: { name: 'web-1-registry' },
    repoCA: 'PEM',
    plainHTTP: true,
  });
  expect(object['spec']).not.toHaveProperty('insecureSkipTLSVerify');
  expect(secrets.map(({ type }) => type)).toEqual(['kubernetes.io/dockerconfigjson']);
  expect(JSON.stringify(object)).not.toContain('horse');
  const [login] = Object.values(secrets[0]?.['data'] as Record<string, string>);
  expect(Buffer.from(login ?? '', 'base64').toString()).toMatch(/reg\.example/);
  expect(Buffer.from(login ?? '', 'base64').toString()).not.toMatch(/other\.example/);
});

it.for<[string, Parameters<typeof controllerRelease>, object]>([
  ['a newer revision of the goal', [memo, chart, [revision(2, 'deployed')]], { state: 'deployed', revision: '1.1.0' }],
  ['the revision of before', [memo, chart, [revision(1, 'deployed')]], { state: 'pending' }],
  [
    'a newer revision with other values',
    [memo, chart, [revision(2, 'deployed', { values: { token: 'other' } })]],
    { state: 'pending' },
  ],
  [
    'a newer revision of another version',
    [memo, chart, [revision(2, 'deployed', { chartVersion: '1.0.0' })]],
    { state: 'pending' },
  ],
  ['a failed one', [memo, chart, [revision(2, 'failed')]], { state: 'failed', reason: 'Helm says: why' }],
  ['one that failed before', [memo, chart, [revision(1, 'failed')]], { state: 'pending' }],
  [
    'no HelmChart',
    [memo, undefined, [revision(2, 'deployed')]],
    { state: 'pending', reason: 'its HelmChart is not there' },
  ],
  [
    'a HelmChart that is being removed',
    [memo, { ...chart, metadata: { ...chart.metadata, deletionTimestamp: 'now' } }, [revision(2, 'deployed')]],
    { state: 'pending', reason: 'its HelmChart is being removed' },
  ],
])('tells %s for what it is', ([, args, expected]) => {
  const found = controllerRelease(...args);
  expect(found).toMatchObject(expected);
  expect(found.applied).toBe(found.state === 'deployed' ? memo.goal.applied : undefined);
});

it('owns what Helm has marked as of this release, and nothing else', () => {
  const { owns } = controllerRelease(memo, chart, []);
  const of = (name: string, namespace: string) =>
    owns({
      ...{ apiVersion: 'apps/v1', kind: 'Deployment' },
      metadata: {
        name: 'x',
        annotations: { 'meta.helm.sh/release-name': name, 'meta.helm.sh/release-namespace': namespace },
      },
    });
  expect([of('web-1', 'line-a'), of('web-10', 'line-a'), of('web-1', 'line-b')]).toEqual([true, false, false]);
});

it.for<[string, ReleaseRevision[], Partial<Goal>]>([
  ['what ran before, when the new one could not be had', [revision(1, 'deployed', { chartVersion: '1.0.0' })], good],
  ['a revision that was only settled for none', [revision(1, 'deployed', { chartVersion: '1.0.0', ...settled })], {}],
])('takes %s', ([, history, { applied, revision: of }]) => {
  const found = controllerRelease({ ...memo, good, trouble: 'no such chart' }, chart, history);
  expect([found.applied, found.revision]).toEqual([applied, of]);
  expect(found.state).toBe(of === undefined ? 'failed' : 'deployed');
});

it('takes values of an operator for no other goal', () => {
  const other = revision(2, 'deployed', { values: { token: 'of the operator', more: 1 } });
  expect(controllerRelease(memo, chart, [other]).state).toBe('pending');
  expect(controllerRelease(memo, chart, [other], { token: 'of the operator' }).state).toBe('deployed');
  expect(controllerRelease(memo, chart, [other], { more: 1 }).state).toBe('pending');
});

it('counts from the newest revision that is finished', () => {
  expect(baseRevision([revision(4, 'failed'), revision(3, 'deployed')])).toBe(4);
  expect(baseRevision([revision(3, 'pending-upgrade'), revision(2, 'deployed')])).toBe(2);
  expect(baseRevision([])).toBe(0);
});

it('believes in a controller that has done something, or that comes with the cluster', () => {
  const claimed = {
    ...chart,
    metadata: { ...chart.metadata, annotations: { 'helmcharts.cattle.io/managed-by': 'helm-controller' } },
  };
  const begun = { ...chart, status: { jobName: 'helm-install-x' } };
  const node = (kubeletVersion: string): KubernetesObject => ({
    ...{ apiVersion: 'v1', kind: 'Node', metadata: { name: 'n' } },
    status: { nodeInfo: { kubeletVersion } },
  });
  expect(isActedOn([chart, claimed], [])).toBe(true);
  expect(isActedOn([begun], [])).toBe(true);
  expect(isActedOn([chart], [node('v1.30.0+k3s1')])).toBe(false);
  expect(isActedOn([], [node('v1.30.0+k3s1')])).toBe(true);
  expect(isActedOn([], [node('v1.30.0+rke2r1')])).toBe(true);
  expect(isActedOn([], [node('v1.30.0')])).toBe(false);
});
