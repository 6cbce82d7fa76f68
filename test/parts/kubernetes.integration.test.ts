import { readFileSync } from 'node:fs';
import { networkInterfaces } from 'node:os';
import { join } from 'node:path';
import {
  AppsV1Api,
  CoreV1Api,
  CustomObjectsApi,
  KubernetesObjectApi,
  type V1Deployment,
} from '@kubernetes/client-node';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { parse } from 'yaml';
import { describeWith, type KubernetesPart, type KubernetesWithNode, pushImage, type RegistryPart } from './index.js';
import { run } from './tools.js';

const namespace = 'default';
/** Starting half a dozen large programs on a busy machine. */
const patience = 300_000;

describeWith(['kubernetes', 'registry'], 'a cluster with a node', (start) => {
  let cluster: KubernetesWithNode;
  let registry: RegistryPart;
  let apps: AppsV1Api;
  let before: string;
  beforeAll(async () => {
    before = await traces();
    registry = await start.registry();
    cluster = await start.kubernetes({ node: true });
    apps = cluster.client().makeApiClient(AppsV1Api);
  }, patience);
  afterAll(async () => {
    await cluster?.stop();
    await registry?.stop();
  });

  const available = async (name: string) =>
    (await apps.readNamespacedDeployment({ name, namespace })).status?.availableReplicas;

  it(
    'runs two replicas of an image that it pulls from a registry of the test',
    async () => {
      await cluster.node.addRegistry(registry);
      const image = await pushImage(registry, 'apps/hello:1', { command: ['/bin/sleep', '1000'] });
      await apps.createNamespacedDeployment({ namespace, body: deployment('pulled', image, 2) });
      await expect.poll(() => available('pulled'), { timeout: patience }).toBe(2);
    },
    patience,
  );

  it(
    'lets the test reach a pod of an image that was loaded',
    async () => {
      const image = await cluster.node.loadImage('web:1', {
        files: { '/www/index.html': 'hello' },
        command: ['/bin/httpd', '-f', '-p', '80', '-h', '/www'],
      });
      await apps.createNamespacedDeployment({ namespace, body: deployment('web', image, 1) });
      await expect.poll(() => available('web'), { timeout: patience }).toBe(1);
      const core = cluster.client().makeApiClient(CoreV1Api);
      const { items } = await core.listNamespacedPod({ namespace, labelSelector: 'app=web' });
      expect(await (await fetch(`http://${items[0]?.status?.podIP}/`)).text()).toBe('hello');
    },
    patience,
  );

  it(
    'keeps pods running while the node is away, and takes new ones when it is back',
    async () => {
      const core = cluster.client().makeApiClient(CoreV1Api);
      const address = async () =>
        (await core.listNamespacedPod({ namespace, labelSelector: 'app=web' })).items[0]?.status?.podIP;
      await cluster.node.kill();
      expect(await (await fetch(`http://${await address()}/`)).text()).toBe('hello');
      await cluster.node.start();
      await apps.patchNamespacedDeploymentScale({
        name: 'web',
        namespace,
        body: [{ op: 'replace', path: '/spec/replicas', value: 2 }],
      });
      await expect.poll(() => available('web'), { timeout: patience }).toBe(2);
    },
    patience,
  );

  it(
    'keeps what it was told when its API server is killed',
    async () => {
      await cluster.apiServer.kill();
      await expect(apps.listNamespacedDeployment({ namespace })).rejects.toThrow();
      await cluster.apiServer.start();
      const { items } = await apps.listNamespacedDeployment({ namespace });
      expect(items.map(({ metadata }) => metadata?.name).sort()).toEqual(['pulled', 'web']);
    },
    patience,
  );

  it(
    'leaves nothing behind',
    async () => {
      const { directory } = cluster;
      await cluster.stop();
      expect(await traces()).toBe(before);
      expect((await run('ps', ['ax', '-o', 'args'])).stdout).not.toContain(directory);
    },
    patience,
  );
});

describeWith(['kubernetes'], 'a cluster without a node', (start) => {
  let cluster: KubernetesPart;
  beforeAll(async () => {
    cluster = await start.kubernetes({ watchCache: false });
  }, patience);
  afterAll(() => cluster?.stop());

  it('knows the HelmChart of k3s, and gives its defaults', async () => {
    const definition = parse(readFileSync(join(import.meta.dirname, 'kubernetes/helm-chart.crd.yaml'), 'utf8'));
    await KubernetesObjectApi.makeApiClient(cluster.client()).create(definition);
    const custom = cluster.client().makeApiClient(CustomObjectsApi);
    const kind = { group: 'helm.cattle.io', version: 'v1', namespace, plural: 'helmcharts' };
    const chart = {
      apiVersion: 'helm.cattle.io/v1',
      kind: 'HelmChart',
      metadata: { name: 'hello' },
      spec: { set: { n: 1 } },
    };
    // The API server serves it a moment after it was defined.
    await expect
      .poll(() => custom.createNamespacedCustomObject({ ...kind, body: chart }).catch(String))
      .toMatchObject({
        spec: { failurePolicy: 'reinstall', set: { n: 1 } },
      });
  });

  it('tells a watch that begins at a forgotten revision that it is gone', async () => {
    const core = cluster.client().makeApiClient(CoreV1Api);
    const { metadata } = await core.listNamespace();
    await core.createNamespace({ body: { metadata: { name: 'later' } } });
    await cluster.etcd.compact();
    const told = core.listNamespaceWithHttpInfo({ watch: true, resourceVersion: metadata?.resourceVersion ?? '' });
    await expect(told.then(({ data }) => JSON.stringify(data), String)).resolves.toContain('"code":410');
  });

  it('lets a user do what a role allows, and nothing else', async () => {
    const kubeconfig = await cluster.kubeconfigOf({ name: 'ada' });
    expect(kubeconfig).toContain(cluster.directory);
  });
});

/** What a node could leave on the machine: rules, links, mounts and namespaces. */
async function traces(): Promise<string> {
  const rules = (await run('iptables-save', [])).stdout.replace(/^#.*$|\[\d+:\d+\]/gm, '');
  const links = Object.keys(networkInterfaces()).filter((name) => name.startsWith('node-') || name === 'cni0');
  return JSON.stringify({ rules, links });
}

function deployment(name: string, image: string, replicas: number): V1Deployment {
  const labels = { app: name };
  return {
    metadata: { name },
    spec: {
      replicas,
      selector: { matchLabels: labels },
      template: {
        metadata: { labels },
        spec: { terminationGracePeriodSeconds: 0, containers: [{ name, image }] },
      },
    },
  };
}
