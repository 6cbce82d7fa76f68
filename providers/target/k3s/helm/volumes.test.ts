import { afterEach, beforeEach, expect, it } from 'vitest';
import { type PlayedApi, playApi } from '../../../../test/parts/played-api.js';
import { Access } from '../access.js';
import { Cluster } from '../cluster.js';
import { keepLiveVolumes } from './volumes.js';

let api: PlayedApi;
let cluster: Cluster;

const claim = (name: string, release: string, more: object = {}) => ({
  metadata: {
    ...{ name, namespace: 'line', uid: `of-${name}` },
    annotations: { 'meta.helm.sh/release-name': release, 'meta.helm.sh/release-namespace': 'line', ...more },
  },
});

beforeEach(async () => {
  const items = [
    claim('data', 'web'),
    claim('kept', 'web', { 'helm.sh/resource-policy': 'keep' }),
    claim('x', 'other'),
  ];
  api = await playApi(() => ({ body: { metadata: {}, items } }));
  const config = { kubeconfig: api.kubeconfig };
  cluster = new Cluster(new Access({ config, resolvePath: (path) => path, env: {} }), 30_000);
});
afterEach(async () => {
  cluster.access.close();
  await api.close();
});

it("tells Helm on a release's own claims to leave them when a chart drops them", async () => {
  await keepLiveVolumes(cluster, { release: 'web', namespace: 'line' }, new AbortController().signal);
  const changed = api.asked.filter(({ method }) => method !== 'GET');
  expect(changed.map(({ method, path }) => `${method} ${path}`)).toEqual([
    'PATCH /api/v1/namespaces/line/persistentvolumeclaims/data',
  ]);
  expect(JSON.parse(changed[0]?.body ?? '')).toEqual({
    metadata: { uid: 'of-data', annotations: { 'helm.sh/resource-policy': 'keep' } },
  });
});
