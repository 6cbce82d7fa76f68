import { afterEach, beforeEach, expect, it } from 'vitest';
import { type PlayedApi, playApi } from '../../../../test/parts/played-api.js';
import { Access } from '../access.js';
import { Cluster } from '../cluster.js';
import { clusterSurroundings } from './surroundings.js';

let api: PlayedApi;
let cluster: Cluster;

beforeEach(async () => {
  const verbs = ['list', 'create', 'delete'];
  const resources = [{ name: 'helmcharts', kind: 'HelmChart', namespaced: true, verbs }];
  api = await playApi(({ path }) =>
    path === '/apis/helm.cattle.io/v1' ? { body: { resources } } : { status: 403, body: { message: 'no' } },
  );
  const config = { kubeconfig: api.kubeconfig };
  cluster = new Cluster(new Access({ config, resolvePath: (path) => path, env: {} }), 30_000);
});
afterEach(async () => {
  cluster.access.close();
  await api.close();
});

it('takes a cluster whose HelmCharts it may not list for one without a Helm controller', async () => {
  const found = await clusterSurroundings(cluster, new AbortController().signal);
  expect(found).toEqual({ helmCharts: true, controller: false });
});
