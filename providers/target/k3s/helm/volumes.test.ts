import { afterEach, beforeEach, expect, it } from 'vitest';
import { type PlayedApi, playApi } from '../../../../test/parts/played-api.js';
import { Access } from '../access.js';
import { Cluster } from '../cluster.js';
import type { ReleaseRevision } from './release-record.js';
import { keepLiveVolumes, keepVolumes, removeVolumes } from './volumes.js';

let api: PlayedApi;
let cluster: Cluster;
let items: { readonly metadata: object }[];

const signal = new AbortController().signal;
const changes = () =>
  api.asked.filter(({ method }) => method !== 'GET').map(({ method, path }) => `${method} ${path.split('/').at(-1)}`);

const claim = (name: string, release: string, more: object = {}) => ({
  metadata: {
    ...{ name, namespace: 'line', uid: `of-${name}` },
    annotations: { 'meta.helm.sh/release-name': release, 'meta.helm.sh/release-namespace': 'line', ...more },
  },
});

beforeEach(async () => {
  items = [claim('data', 'web'), claim('kept', 'web', { 'helm.sh/resource-policy': 'keep' }), claim('x', 'other')];
  api = await playApi(({ path }) => {
    const verbs = ['list', 'create', 'delete'];
    const resources = [
      { name: 'persistentvolumeclaims', kind: 'PersistentVolumeClaim', namespaced: true, verbs },
      { name: 'secrets', kind: 'Secret', namespaced: true, verbs },
    ];
    return { body: path === '/api/v1' ? { resources } : { metadata: {}, items } };
  });
  const config = { kubeconfig: api.kubeconfig };
  cluster = new Cluster(new Access({ config, resolvePath: (path) => path, env: {} }), 30_000);
});
afterEach(async () => {
  cluster.access.close();
  await api.close();
});

it("tells Helm on a release's own claims to leave them when a chart drops them", async () => {
  await keepLiveVolumes(cluster, { release: 'web', namespace: 'line' }, signal);
  const changed = api.asked.filter(({ method }) => method !== 'GET');
  expect(changed.map(({ method, path }) => `${method} ${path}`)).toEqual([
    'PATCH /api/v1/namespaces/line/persistentvolumeclaims/data',
  ]);
  expect(JSON.parse(changed[0]?.body ?? '')).toEqual({
    metadata: { uid: 'of-data', annotations: { 'helm.sh/resource-policy': 'keep' } },
  });
});

const stateful: ReleaseRevision = {
  ...{ name: 'web', namespace: 'line', revision: 1, status: 'deployed', description: '', chartVersion: '1.0.0' },
  ...{ values: {}, labels: {}, secret: { name: 'v1' } },
  manifest: JSON.stringify({
    ...{ apiVersion: 'apps/v1', kind: 'StatefulSet', metadata: { name: 'db' } },
    spec: { volumeClaimTemplates: [{ metadata: { name: 'files' } }] },
  }),
};
const bare = (name: string, namespace: string, annotations: object = {}) => ({
  metadata: { name, namespace, uid: `of-${name}`, annotations },
});

it('notes on what StatefulSets made whose it is, and nobody has to know the release any more to delete it', async () => {
  items = [bare('files-db-0', 'line'), bare('files-db-0', 'other'), bare('files-db-x', 'line'), bare('y', 'line')];
  await keepVolumes(cluster, stateful, signal);
  expect(changes()).toEqual(['PATCH files-db-0']);
  const { metadata } = JSON.parse(api.asked.find(({ method }) => method === 'PATCH')?.body ?? '');

  items = [bare('files-db-0', 'line', metadata.annotations), claim('data', 'web'), claim('x', 'other')];
  await removeVolumes(cluster, 'web', signal);
  expect(changes().slice(1)).toEqual(['DELETE files-db-0', 'DELETE data']);
});

it('has nothing uninstalled whose claims cannot be kept', async () => {
  const unreadable = { ...stateful, manifest: '# PersistentVolumeClaim\n"' };
  await expect(keepVolumes(cluster, unreadable, signal)).rejects.toMatchObject({
    code: 'platform',
    message: expect.stringContaining('helm uninstall web -n line'),
  });
});
