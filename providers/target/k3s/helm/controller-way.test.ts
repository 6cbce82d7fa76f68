import { afterEach, beforeEach, expect, it } from 'vitest';
import type { ApplyCall } from '../../../../core/plugin/index.js';
import { type ManualClock, manualClock, silentLogger } from '../../../../core/testing/index.js';
import { type PlayedAnswer, type PlayedApi, type PlayedRequest, playApi } from '../../../../test/parts/played-api.js';
import type { Login } from '../../../shared/logins/index.js';
import { Access } from '../access.js';
import { Cluster } from '../cluster.js';
import type { ApplyRequest, DriverContext, RemoveRequest } from '../driver.js';
import { marksOf } from '../marks.js';
import { ControllerWay } from './controller-way.js';
import type { Goal, Memo } from './memo.js';
import { encodePayload, type ReleaseStatus, readRevision } from './release-record.js';

const mark = { owner: 'tutti', application: { id: 'a', name: 'A' }, component: 'web' };
const goalOf = (version: string): Goal => ({
  ...{ applied: version.repeat(10), revision: version, values: { of: version } },
  chart: { chart: 'oci://reg.example/web', version },
});
const memo: Memo = {
  ...{ format: 1, way: 'controller', release: 'web', namespace: 'line', mark, goal: goalOf('2.0.0') },
  ...{ good: goalOf('1.0.0'), after: 1, claimed: true },
};

const kinds: Readonly<Record<string, readonly [string, string][]>> = {
  '/api/v1': [
    ['secrets', 'Secret'],
    ['pods', 'Pod'],
    ['persistentvolumeclaims', 'PersistentVolumeClaim'],
  ],
  '/apis/batch/v1': [['jobs', 'Job']],
  '/apis/apiextensions.k8s.io/v1': [['customresourcedefinitions', 'CustomResourceDefinition']],
  '/apis/helm.cattle.io/v1': [
    ['helmcharts', 'HelmChart'],
    ['helmchartconfigs', 'HelmChartConfig'],
  ],
};
const collections = Object.values(kinds).flatMap((all) => all.map(([name]) => name));
const chartPath = '/apis/helm.cattle.io/v1/namespaces/kube-system/helmcharts/web';
const jobPath = '/apis/batch/v1/namespaces/kube-system/jobs/helm-install-web';
const podPath = '/api/v1/namespaces/kube-system/pods/helm';

interface Stored {
  readonly metadata: { readonly name: string; readonly labels?: object; readonly generation?: number };
  readonly spec?: { readonly version?: string; readonly [member: string]: unknown };
  readonly [member: string]: unknown;
}

let objects: Map<string, Stored>;
/** Of the controller's Helm. */
let output: string;
let logins: readonly Login[];
let api: PlayedApi;
let cluster: Cluster;
let clock: ManualClock;
/** The part of the controller: what it does when it is told of a version, and once when a watch looks on. */
let controller: { installs(version: string): void; goesOn?: (() => void) | undefined };

const recordPath = (revision: number) => `/api/v1/namespaces/line/secrets/sh.helm.release.v1.web.v${revision}`;
function record(revision: number, status: ReleaseStatus, version = '1.0.0', kind = 'Service'): void {
  const release = {
    ...{ name: 'web', namespace: 'line', version: revision, info: { status, description: `was ${status}` } },
    ...{ chart: { metadata: { name: 'web', version } }, config: { of: version } },
    manifest: JSON.stringify({ apiVersion: 'v1', kind, metadata: { name: 'web' } }),
  };
  objects.set(recordPath(revision), {
    metadata: { ...named(recordPath(revision)), labels: { owner: 'helm', name: 'web', status } },
    data: { release: encodePayload(release) },
  });
}
const recorded = (revision: number) => {
  const found = objects.get(recordPath(revision));
  return found && readRevision({ apiVersion: 'v1', kind: 'Secret', ...found } as Parameters<typeof readRevision>[0]);
};
const pod = (state: object): void => {
  const labels = { 'helmcharts.helm.cattle.io/chart': 'web' };
  const status = { containerStatuses: [{ name: 'helm', state }] };
  objects.set(podPath, { metadata: { ...named(podPath), labels }, spec: { containers: [] }, status });
};
const told = () => objects.get(chartPath)?.spec?.version;
const changes = () => api.asked.filter(({ method }) => method !== 'GET').map(({ method, path }) => `${method} ${path}`);
function named(path: string) {
  const [, namespace = ''] = /namespaces\/([^/]+)/.exec(path) ?? [];
  return { name: path.split('/').at(-1) ?? '', namespace, uid: path };
}

function answer({ method, path, query, body }: PlayedRequest): PlayedAnswer {
  const served = kinds[path];
  if (served !== undefined) {
    const verbs = ['list', 'create', 'delete'];
    const namespaced = !path.includes('apiextensions');
    return { body: { resources: served.map(([name, kind]) => ({ name, kind, namespaced, verbs })) } };
  }
  if (path.endsWith('/log')) return { body: { said: output } };
  const collection = path.split('/').at(-1) ?? '';
  if (collections.includes(collection)) {
    if (query.get('watch') !== null) {
      const { goesOn } = controller;
      // A watch that breaks off is tried again when the clock says so.
      if (goesOn === undefined) return { body: {} };
      controller.goesOn = undefined;
      goesOn();
      return { body: { type: 'MODIFIED', object: { metadata: { name: 'x', resourceVersion: '2' } } } };
    }
    const wanted = (query.get('labelSelector') ?? '').split(',').filter((each) => each !== '');
    const items = [...objects].filter(([at, { metadata }]) => {
      const labels = metadata.labels as Readonly<Record<string, string>> | undefined;
      const within = at.startsWith(`${path}/`) || (!path.includes('namespaces') && at.includes(`/${collection}/`));
      return within && wanted.every((each) => `${labels?.[each.split('=')[0] ?? '']}` === each.split('=')[1]);
    });
    return { body: { metadata: { resourceVersion: '1' }, items: items.map(([, object]) => object) } };
  }
  const before = objects.get(path);
  if (method === 'PATCH') {
    const { metadata, ...rest } = JSON.parse(body) as Stored;
    const labels = { ...before?.metadata.labels, ...metadata.labels };
    const isOther = JSON.stringify(rest.spec) !== JSON.stringify(before?.spec);
    const generation = (before?.metadata.generation ?? 0) + (isOther ? 1 : 0);
    const now = {
      ...before,
      ...rest,
      metadata: { ...before?.metadata, ...named(path), ...metadata, labels, generation },
    };
    objects.set(path, now);
    if (path === chartPath && isOther) controller.installs(now.spec?.version ?? '');
    return { body: now };
  }
  if (before === undefined) return { status: 404, body: { message: 'not found' } };
  if (method === 'DELETE') objects.delete(path);
  return { body: before };
}

beforeEach(async () => {
  objects = new Map();
  output = 'Error: failed to fetch oci://reg.example/web';
  logins = [];
  controller = { installs: () => undefined };
  clock = manualClock();
  api = await playApi(answer);
  const access = new Access({ config: { kubeconfig: api.kubeconfig }, resolvePath: (path) => path, env: {} });
  cluster = new Cluster(access, 30_000);
});
afterEach(async () => {
  cluster.access.close();
  await api.close();
});

const way = () =>
  new ControllerWay({
    ...{ cluster, clock, log: silentLogger(), resolvePath: (path: string) => path },
    ...{ logins: async () => logins, config: { helm: { insecure: 'no' } } },
  } as unknown as DriverContext);
const call: ApplyCall = { signal: new AbortController().signal, progress: () => undefined };
const request = { component: { name: 'web', revision: '2.0.0', timeout: 60_000 } } as unknown as ApplyRequest;
const removal = { component: 'web' } as unknown as RemoveRequest;
const ours = (version: string): void => {
  const spec = { chart: 'oci://reg.example/web', version };
  const type = { apiVersion: 'helm.cattle.io/v1', kind: 'HelmChart' };
  objects.set(chartPath, { ...type, metadata: { ...named(chartPath), ...marksOf(mark), generation: 1 }, spec });
};
/** As Helm does: the next revision. */
const deploys = (version: string): void => {
  const last = [1, 2, 3, 4].findLast((each) => objects.has(recordPath(each))) ?? 0;
  record(last + 1, 'deployed', version, 'Service');
};

it.for<[string, ReleaseStatus]>([
  ['failed', 'failed'],
  ['was left unfinished by a Helm that was killed', 'pending-upgrade'],
])(
  'has Helm go on from a revision that %s, whose objects nobody would take away without its record',
  async ([, status]) => {
    ours('1.5.0');
    record(1, 'deployed', '1.0.0', 'ConfigMap');
    record(2, status, '1.5.0', 'Role');
    controller.installs = deploys;
    await way().bring({ ...memo, after: 2 }, request, call);
    expect(recorded(2)).toMatchObject({
      status: 'deployed',
      labels: { status: 'deployed', 'tutti.dev/settled': status },
    });
    expect(recorded(2)?.manifest.match(/"kind":"\w+"/g)).toEqual(['"kind":"Role"', '"kind":"ConfigMap"']);
    expect(recorded(3)).toMatchObject({ status: 'deployed', chartVersion: '2.0.0' });
  },
);

it('lets a Helm at work finish, and asks for nothing when it does what is wanted', async () => {
  ours('2.0.0');
  record(1, 'deployed');
  record(2, 'pending-upgrade', '2.0.0');
  pod({ running: {} });
  controller.goesOn = () => {
    expect(changes()).toEqual([]);
    pod({ terminated: { exitCode: 0 } });
    record(2, 'deployed', '2.0.0');
  };
  await way().bring(memo, request, call);
  expect(changes()).not.toContain(`DELETE ${jobPath}`);
  expect(changes()).not.toContain(`PATCH ${chartPath}`);
});

it('waits for a Helm at work before it has the release removed', async () => {
  ours('2.0.0');
  record(1, 'deployed');
  pod({ running: {} });
  controller.goesOn = () => {
    expect(changes()).toEqual([]);
    objects.delete(podPath);
    objects.delete(recordPath(1));
  };
  await way().uninstall(memo, removal, call);
  expect(told()).toBeUndefined();
});

it('says that a release is left for as long as it is, for the HelmChart goes whether its Helm could uninstall or not', async () => {
  ours('2.0.0');
  record(1, 'deployed');
  const message = expect.stringContaining('remove it (helm uninstall web -n line)');
  await expect(way().uninstall(memo, removal, call)).rejects.toMatchObject({ message });
  expect(told()).toBeUndefined();
  await expect(way().uninstall(memo, removal, call)).rejects.toMatchObject({ message });
  await expect(way().uninstall({ ...memo, claimed: false }, removal, call)).rejects.toThrow('is not ours');
});

it('gives the HelmChart its last good chart back when the new one cannot be had, and what runs counts as before', async () => {
  ours('1.0.0');
  record(1, 'deployed');
  controller.installs = (version) => {
    if (version === '2.0.0') pod({ terminated: { exitCode: 1 } });
  };
  const bringing = way().bring(memo, request, call);
  await expect(bringing).rejects.toMatchObject({ code: 'artifact' });
  expect(told()).toBe('1.0.0');
  const found = await way().release({ ...memo, trouble: 'it cannot be had' }, call.signal);
  expect(found).toMatchObject({ state: 'deployed', applied: memo.good?.applied, revision: '1.0.0' });
});

it('has gone back when Helm has, and not before', async () => {
  ours('2.0.0');
  record(1, 'deployed');
  record(2, 'failed', '2.0.0');
  const going = way().goBack(memo, request, call);
  const refused = expect(going).rejects.toMatchObject({ code: 'timeout' });
  // Both lists are watched, and there is a deadline.
  await expect.poll(() => clock.waiting).toBe(3);
  expect(told()).toBe('1.0.0');
  await clock.advance(60_000);
  await refused;

  controller.installs = deploys;
  ours('2.0.0');
  expect(await way().goBack(memo, request, call)).toBe(true);
  expect(recorded(3)).toMatchObject({ status: 'deployed', chartVersion: '1.0.0' });
});

it('knows what an operator lays over the values of a HelmChart', async () => {
  ours('2.0.0');
  record(2, 'deployed', '2.0.0');
  const other = { ...memo, goal: { ...memo.goal, values: { of: '2', more: true } } };
  expect(await way().release(other, call.signal)).toMatchObject({ state: 'pending' });
  const path = chartPath.replace('helmcharts', 'helmchartconfigs');
  objects.set(path, { metadata: named(path), spec: { valuesContent: 'of: 2.0.0\nmore: false' } });
  expect(await way().release(other, call.signal)).toMatchObject({ state: 'deployed', applied: memo.goal.applied });
});

it('tells of the login of the chart that the registry did not take it, where its Helm says so', async () => {
  const refused: string[] = [];
  logins = ['reg.example', 'other.example'].map((host) => ({
    ...{ host, username: 'u', password: 'p' },
    refused: async () => {
      refused.push(host);
    },
  }));
  controller.installs = () => pod({ terminated: { exitCode: 1 } });
  const { good: _good, ...first } = memo;
  const bringing = () => way().bring(first, request, call);
  await expect(bringing()).rejects.toThrow('failed to fetch');
  expect(refused).toEqual([]);
  objects.clear();
  output = 'Error: response status code 401: unauthorized';
  await expect(bringing()).rejects.toThrow('401');
  expect(refused).toEqual(['reg.example']);
});
