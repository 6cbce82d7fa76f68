import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { networkInterfaces } from 'node:os';
import { basename, join } from 'node:path';
import {
  AppsV1Api,
  CoreV1Api,
  CustomObjectsApi,
  KubeConfig,
  RbacAuthorizationV1Api,
  type V1Deployment,
  Watch,
} from '@kubernetes/client-node';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { parse } from 'yaml';
import { describeWith, type KubernetesPart, type KubernetesWithNode, pushImage, type RegistryPart } from './index.js';
import { run } from './tools.js';

const namespace = 'default';
/** Half a dozen large programs start, on a machine that may be busy. */
const patience = 300_000;

describeWith(['kubernetes', 'registry'], 'a cluster with a node', (start) => {
  let cluster: KubernetesWithNode;
  let registry: RegistryPart;
  let apps: AppsV1Api;
  beforeAll(async () => {
    registry = await start.registry();
    cluster = await start.kubernetes({ node: true });
    apps = cluster.client().makeApiClient(AppsV1Api);
  }, patience);
  afterAll(async () => {
    await cluster?.stop();
    await registry?.stop();
  });

  async function deploy(name: string, image: string, replicas: number): Promise<void> {
    await apps.createNamespacedDeployment({ namespace, body: deployment(name, image, replicas) });
    await expect.poll(() => available(name), { timeout: patience }).toBe(replicas);
  }
  async function available(name: string): Promise<number | undefined> {
    return (await apps.readNamespacedDeployment({ name, namespace })).status?.availableReplicas;
  }
  async function answer(app: string): Promise<string> {
    const core = cluster.client().makeApiClient(CoreV1Api);
    const { items } = await core.listNamespacedPod({ namespace, labelSelector: `app=${app}` });
    return (await fetch(`http://${items[0]?.status?.podIP}/`)).text();
  }

  it('runs two replicas of an image that it pulls from a registry of the test', { timeout: patience }, async () => {
    await cluster.node.addRegistry(registry);
    const image = await pushImage(registry, 'apps/hello:1', { command: ['/bin/sleep', '1000'] });
    await deploy('pulled', image, 2);
  });

  it('keeps pods running while the node is away, and takes new ones when it is back', {
    timeout: patience,
  }, async () => {
    const image = await cluster.node.loadImage('web:1', {
      files: { '/www/index.html': 'hello' },
      command: ['/bin/httpd', '-f', '-p', '80', '-h', '/www'],
    });
    await deploy('web', image, 1);
    await cluster.node.kill();
    expect(await answer('web')).toBe('hello');
    await cluster.node.start();
    await deploy('more', image, 1);
  });

  it('keeps what it was told when its API server is killed', { timeout: patience }, async () => {
    await apps.createNamespacedDeployment({ namespace, body: deployment('kept', 'none:1', 0) });
    await cluster.apiServer.kill();
    await expect(apps.listNamespacedDeployment({ namespace })).rejects.toThrow();
    await cluster.apiServer.start();
    const { items } = await apps.listNamespacedDeployment({ namespace });
    expect(items.map(({ metadata }) => metadata?.name)).toContain('kept');
  });

  it('leaves nothing behind', { timeout: patience }, async () => {
    const passing = await start.kubernetes({ node: true });
    const { directory, server } = passing;
    const cable = `node-${new URL(server).hostname.split('.').slice(0, 2).join('-')}`;
    expect(Object.keys(networkInterfaces())).toContain(cable);
    expect(controlGroups(directory)).not.toEqual([]);
    await passing.stop();
    expect(Object.keys(networkInterfaces())).not.toContain(cable);
    expect(controlGroups(directory)).toEqual([]);
    expect(readFileSync('/proc/self/mountinfo', 'utf8')).not.toContain(directory);
    expect((await run('ps', ['ax', '-o', 'args'])).stdout).not.toContain(directory);
    expect((await run('iptables-save', [])).stdout).not.toContain('KUBE-');
    expect(existsSync(directory)).toBe(false);
  });
});

describeWith(['kubernetes'], 'a cluster without a node', (start) => {
  let cluster: KubernetesPart;
  beforeAll(async () => {
    cluster = await start.kubernetes({ watchCache: false });
  }, patience);
  afterAll(() => cluster?.stop());

  it('knows the HelmChart of k3s, and gives its defaults', async () => {
    const text = readFileSync(join(import.meta.dirname, 'kubernetes/helm-chart.crd.yaml'), 'utf8');
    const custom = cluster.client().makeApiClient(CustomObjectsApi);
    // As it is written: the client of typed objects leaves out what it spells otherwise, as defaults.
    const definitions = { group: 'apiextensions.k8s.io', version: 'v1', plural: 'customresourcedefinitions' };
    await custom.createClusterCustomObject({ ...definitions, body: parse(text) });
    const kind = { group: 'helm.cattle.io', version: 'v1', namespace, plural: 'helmcharts' };
    // The API server serves it a moment after it was defined.
    await expect.poll(() => custom.listNamespacedCustomObject(kind)).toMatchObject({ items: [] });
    const metadata = { name: 'hello' };
    const body = { apiVersion: 'helm.cattle.io/v1', kind: 'HelmChart', metadata, spec: { set: { n: 1 } } };
    expect(await custom.createNamespacedCustomObject({ ...kind, body })).toMatchObject({
      spec: { failurePolicy: 'reinstall', set: { n: 1 } },
    });
  });

  it('tells a watch that begins at a forgotten revision that it is gone', async () => {
    const core = cluster.client().makeApiClient(CoreV1Api);
    const { metadata } = await core.listNamespace();
    await core.createNamespace({ body: { metadata: { name: 'later' } } });
    await cluster.etcd.compact();
    const code = await new Promise<number | undefined>((resolve) => {
      void new Watch(cluster.client()).watch(
        '/api/v1/namespaces',
        { resourceVersion: metadata?.resourceVersion },
        (_type, object: { readonly code?: number }) => resolve(object.code),
        (error: { readonly statusCode?: number } | null) => resolve(error?.statusCode),
      );
    });
    expect(code).toBe(410);
  });

  it('lets a user do what a role allows, and nothing else', async () => {
    const config = new KubeConfig();
    config.loadFromFile(await cluster.kubeconfigOf({ name: 'ada' }));
    const ada = config.makeApiClient(CoreV1Api);
    await expect(ada.listNamespacedPod({ namespace })).rejects.toMatchObject({ code: 403 });
    const group = { apiGroup: 'rbac.authorization.k8s.io' };
    await cluster
      .client()
      .makeApiClient(RbacAuthorizationV1Api)
      .createNamespacedRoleBinding({
        namespace,
        body: {
          metadata: { name: 'ada' },
          roleRef: { ...group, kind: 'ClusterRole', name: 'view' },
          subjects: [{ ...group, kind: 'User', name: 'ada' }],
        },
      });
    await expect.poll(() => ada.listNamespacedPod({ namespace })).toMatchObject({ items: [] });
    await expect(ada.listNode()).rejects.toMatchObject({ code: 403 });
  });
});

/** Those that a cluster made for its containers. */
function controlGroups(directory: string): string[] {
  const root = '/sys/fs/cgroup';
  return ['', ...readdirSync(root)].filter((hierarchy) => existsSync(join(root, hierarchy, basename(directory))));
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
