import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { AppsV1Api, CoreV1Api, type KubeConfig, KubernetesObjectApi } from '@kubernetes/client-node';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { describeWith, type KubernetesWithNode, pushImage, type RegistryPart } from '../../../test/parts/index.js';
import { type K3sTrial, k3sTrial, manifestsApplication } from '../../../test/target/k3s-trial.js';
import { call, faultOf } from '../../../test/target/trial.js';

interface Web {
  readonly image: string;
  readonly command: string;
  /** Further fields of the pod, as JSON. */
  readonly pod?: string;
}

const web = ({ image, command, pod = '' }: Web): string => `
apiVersion: apps/v1
kind: Deployment
metadata: { name: web }
spec:
  replicas: 1
  selector: { matchLabels: { app: web } }
  template:
    metadata: { labels: { app: web } }
    spec:
      terminationGracePeriodSeconds: 0
      ${pod}
      containers: [{ name: main, image: '${image}', imagePullPolicy: IfNotPresent, command: [sh, -c, '${command}'] }]
`;
const config = (name: string): string =>
  `apiVersion: v1\nkind: ConfigMap\nmetadata: { name: ${name} }\ndata: { a: b }\n`;
const sleeps = 'env; exec sleep 100000';

describeWith(['kubernetes', 'registry'], 'plain manifests on a real cluster', (start) => {
  let cluster: KubernetesWithNode;
  let registry: RegistryPart;
  let image: string;
  let client: KubeConfig;
  let core: CoreV1Api;
  let trial: K3sTrial;
  let namespace: string;
  let cases = 0;

  beforeAll(async () => {
    [cluster, registry] = await Promise.all([start.kubernetes({ node: true }), start.registry()]);
    image = await cluster.node.loadImage('box:1');
    client = cluster.client();
    core = client.makeApiClient(CoreV1Api);
  }, 300_000);
  afterAll(async () => {
    await Promise.all([cluster.stop(), registry.stop()]);
  });

  beforeEach(async () => {
    namespace = `line-${++cases}`;
    trial = await k3sTrial(cluster.kubeconfig, registry, {
      owner: namespace,
      settle: 500,
      otlp: { http: 'http://collector.test:4318' },
    });
  });
  afterEach(() => trial.dispose());

  const told = async (component = 'monitor') => {
    const [application] = await trial.target.actual();
    return application?.components.find(({ name }) => name === component);
  };
  const deploy = async (manifest: string | readonly string[], revision = '1.0.0', change: object = {}, id = 'app') => {
    const repository = await trial.push(namespace, revision, ...[manifest].flat());
    const application = manifestsApplication(repository, revision, change, { id, namespace });
    await trial.target.apply(application, 'monitor', call());
    return application;
  };
  const names = async (): Promise<(string | undefined)[]> =>
    (await core.listNamespace()).items
      .filter(({ status }) => status?.phase === 'Active')
      .map(({ metadata }) => metadata?.name);

  it('comes with its namespace, is told what it needs, is updated without leavings, and goes with its namespace', {
    timeout: 300_000,
  }, async () => {
    const first = await deploy([config('old'), web({ image, command: sleeps })], '1.0.0', { parameters: { SPEED: 7 } });
    expect(await told()).toMatchObject({ phase: 'running' });
    await expect
      .poll(() => trial.target.logs('app', 'monitor', 50))
      .toEqual(expect.arrayContaining(['SPEED=7', 'OTEL_EXPORTER_OTLP_ENDPOINT=http://collector.test:4318']));

    await deploy([config('new'), web({ image, command: sleeps })], '2.0.0', { parameters: { SPEED: 8 } });
    const maps = await core.listNamespacedConfigMap({ namespace });
    expect(maps.items.map(({ metadata }) => metadata?.name)).toContain('new');
    expect(maps.items.map(({ metadata }) => metadata?.name)).not.toContain('old');

    await trial.target.remove(first, 'monitor', false, call());
    expect(await trial.target.actual()).toEqual([]);
    expect(await names()).not.toContain(namespace);
  });

  it('takes out what a revision has no more, one after the other', { timeout: 300_000 }, async () => {
    const pod = (...containers: string[]): string => `
apiVersion: apps/v1
kind: Deployment
metadata: { name: web }
spec:
  selector: { matchLabels: { app: web } }
  template: { metadata: { labels: { app: web } }, spec: { containers: [${containers.join()}] } }
`;
    const main = (more: string): string => `{ name: main, image: '${image}', ${more} }`;
    const side = `{ name: side, image: '${image}' }`;
    const later = { wait: false };
    await deploy(pod(main("readinessProbe: { exec: { command: ['true'] } }"), side), '1.0.0', later);
    await deploy(pod(main('command: [a]'), side), '2.0.0', later);
    // Whatever the second one changed in passing is no conflict with ourselves.
    await deploy(pod(main('command: [b]')), '3.0.0', later);
    const apps = client.makeApiClient(AppsV1Api);
    const { spec } = await apps.readNamespacedDeployment({ name: 'web', namespace });
    expect(
      spec?.template.spec?.containers.map(({ name, command, readinessProbe }) => [name, command, readinessProbe]),
    ).toEqual([['main', ['b'], undefined]]);
  });

  it('leaves a namespace in which others have something, and volume claims unless they are purged', {
    timeout: 300_000,
  }, async () => {
    const claim = `apiVersion: v1\nkind: PersistentVolumeClaim\nmetadata: { name: data }\nspec: { accessModes: [ReadWriteOnce], storageClassName: none, resources: { requests: { storage: 1Mi } } }\n`;
    const application = await deploy([config('own'), claim], '1.0.0', { wait: false });
    await core.createNamespacedConfigMap({ namespace, body: { metadata: { name: 'foreign' } } });
    const claims = async () =>
      (await core.listNamespacedPersistentVolumeClaim({ namespace })).items.map(({ metadata }) => metadata?.name);

    await trial.target.remove(application, 'monitor', false, call());
    expect(await trial.target.actual()).toEqual([]);
    expect(await names()).toContain(namespace);
    expect(await claims()).toEqual(['data']);

    await trial.target.remove(application, 'monitor', true, call());
    expect(await claims()).toEqual([]);
    const maps = (await core.listNamespacedConfigMap({ namespace })).items.map(({ metadata }) => metadata?.name);
    expect(maps).toContain('foreign');
    expect(maps).not.toContain('own');
  });

  it('goes back to the last good revision when a new one does not come to run, and says why', {
    timeout: 300_000,
  }, async () => {
    await deploy([config('first'), web({ image, command: sleeps })]);
    const good = await told();
    // Nobody tries it again, so that it shows at once and after no time of its own.
    const job = `
apiVersion: batch/v1
kind: Job
metadata: { name: migration }
spec:
  backoffLimit: 0
  template:
    spec:
      restartPolicy: Never
      containers: [{ name: main, image: '${image}', imagePullPolicy: IfNotPresent, command: [sh, -c, 'echo the recipe is missing; exit 3'] }]
`;
    const fault = await faultOf(deploy([config('second'), web({ image, command: sleeps }), job], '2.0.0'));
    expect(fault.message).toMatch(/container main of pod migration-\S+ ended with exit code 3/);
    expect(fault.message).toContain('the recipe is missing');
    expect(fault.message).toContain('revision 1.0.0 was brought back');
    await expect.poll(() => told(), { timeout: 60_000 }).toMatchObject({ phase: 'running', applied: good?.applied });
    const maps = (await core.listNamespacedConfigMap({ namespace })).items.map(({ metadata }) => metadata?.name);
    expect(maps).toContain('first');
    expect(maps).not.toContain('second');
  });

  it('touches nothing that others made', { timeout: 300_000 }, async () => {
    await core.createNamespace({ body: { metadata: { name: namespace } } });
    await core.createNamespacedConfigMap({
      namespace,
      body: { metadata: { name: 'recipe' }, data: { theirs: 'yes' } },
    });
    const fault = await faultOf(deploy([config('own'), config('recipe')]));
    expect(fault.message).toContain(
      `ConfigMap ${namespace}/recipe is there already, and was not made by us; it is let be`,
    );
    expect(fault.retry).toBe(true);
    const maps = await core.listNamespacedConfigMap({ namespace });
    expect(maps.items.find(({ metadata }) => metadata?.name === 'recipe')?.data).toEqual({ theirs: 'yes' });
    expect(maps.items.map(({ metadata }) => metadata?.name)).not.toContain('own');
  });

  it('says who has set a field that it shall set, and takes it over only when it may', {
    timeout: 300_000,
  }, async () => {
    const scaled = (replicas: number) =>
      web({ image, command: sleeps }).replace('replicas: 1', `replicas: ${replicas}`);
    await deploy(scaled(1));
    const objects = KubernetesObjectApi.makeApiClient(client);
    const apps = client.makeApiClient(AppsV1Api);
    const theirs = {
      apiVersion: 'apps/v1',
      kind: 'Deployment',
      metadata: { name: 'web', namespace },
      spec: { replicas: 2 },
    };
    await objects.patch(theirs, undefined, undefined, 'autoscaler', true, 'application/apply-patch+yaml');
    const fault = await faultOf(deploy(scaled(3), '2.0.0'));
    expect(fault.message).toContain(
      `Deployment ${namespace}/web: others have set what the manifest sets: .spec.replicas belongs to autoscaler`,
    );
    expect((await apps.readNamespacedDeployment({ name: 'web', namespace })).spec?.replicas).toBe(2);

    const forced = await k3sTrial(cluster.kubeconfig, registry, { owner: namespace, settle: 500, force: true });
    const application = manifestsApplication(
      `oci://${registry.host}/components/${namespace}`,
      '2.0.0',
      {},
      { id: 'app', namespace },
    );
    await forced.target.apply(application, 'monitor', call());
    expect((await apps.readNamespacedDeployment({ name: 'web', namespace })).spec?.replicas).toBe(3);
    await forced.dispose();
  });

  describe('says why it does not run', () => {
    it.each([
      [
        'no node',
        { pod: 'nodeSelector: { line: nowhere }' },
        /^no node takes pod web-\S+ since \S+: 0\/1 nodes/,
        'installing',
      ],
      [
        'no image',
        { image: '127.0.0.1:1/none:1' },
        /^image 127.0.0.1:1\/none:1 of container main of pod web-\S+ cannot be pulled since/,
        'failed',
      ],
      [
        'a crash',
        { command: 'echo no recipe; exit 4' },
        /ending with exit code 4 since \S+ \(restarted .*\); it said last:\nno recipe$/,
        'failed',
      ],
    ] as const)('%s', { timeout: 300_000 }, async (_name, change, reason, phase) => {
      await deploy(web({ image, command: sleeps, ...change }), '1.0.0', { wait: false });
      await expect
        .poll(() => told(), { timeout: 120_000 })
        .toMatchObject({ phase, reason: expect.stringMatching(reason) });
    });

    it('a quota', { timeout: 300_000 }, async () => {
      await core.createNamespace({ body: { metadata: { name: namespace } } });
      await core.createNamespacedResourceQuota({
        namespace,
        body: { metadata: { name: 'small' }, spec: { hard: { pods: '0' } } },
      });
      await deploy(web({ image, command: sleeps }), '1.0.0', { wait: false });
      const reason = expect.stringMatching(/Deployment \S+ can make no pods since \S+: .*exceeded quota: small/);
      await expect.poll(() => told(), { timeout: 120_000 }).toMatchObject({ phase: 'failed', reason });
    });
  });

  it('pulls from a private registry with a secret that nobody else gets to see', { timeout: 300_000 }, async () => {
    const credentials = { username: 'ada', password: 'correct horse' };
    const images = await start.registry({ credentials });
    await cluster.node.addRegistry(images);
    const secret = await pushImage(images, 'private/box:1', { credentials });
    const knowing = await k3sTrial(cluster.kubeconfig, registry, {
      owner: `${namespace}-knowing`,
      settle: 500,
      registries: [{ host: images.host, username: credentials.username, passwordFile: 'password' }],
    });
    writeFileSync(join(knowing.dataDir, 'password'), `${credentials.password}\n`);
    await deploy(web({ image: secret, command: sleeps }), '1.0.0', { wait: false });
    await expect
      .poll(() => told(), { timeout: 120_000 })
      .toMatchObject({ phase: 'failed', reason: expect.stringContaining('cannot be pulled') });

    const repository = await knowing.push('private', '1.0.0', web({ image: secret, command: sleeps }));
    const application = manifestsApplication(repository, '1.0.0', {}, { id: 'b', namespace: `${namespace}-knowing` });
    const asked = call();
    await knowing.target.apply(application, 'monitor', asked);
    expect((await knowing.target.actual())[0]?.components[0]?.phase).toBe('running');
    expect(JSON.stringify([knowing.log.lines, asked.told])).not.toContain(credentials.password);
    await knowing.dispose();
    await images.stop();
  });

  it('describes the node, and tells a missing right as the rule that gives it', { timeout: 300_000 }, async () => {
    const { facts } = await trial.target.describe();
    expect(facts.cpus).toEqual([
      { cores: expect.any(Number), architecture: process.arch === 'x64' ? 'amd64' : process.arch },
    ]);
    expect(facts.runtime).toEqual({ name: 'containerd', version: expect.stringMatching(/^\d+\./) });
    const nobody = await k3sTrial(await cluster.kubeconfigOf({ name: 'nobody' }), registry);
    await expect(nobody.target.actual()).rejects.toThrow(
      'nobody may not list secrets in the whole cluster (403); give it a ClusterRole with the rule { apiGroups: [""], resources: ["secrets"], verbs: ["list"] }',
    );
    await nobody.dispose();
  });

  it('survives restarts of the API server and of the node, and hears of what happens afterwards', {
    timeout: 300_000,
  }, async () => {
    await deploy(web({ image, command: sleeps }));
    const heard: string[] = [];
    const end = new AbortController();
    const watching = (async () => {
      for await (const id of trial.target.watch(end.signal)) heard.push(id);
    })();
    await expect.poll(() => heard).toContain('app');

    // Written after what the watches have seen, so that nothing is left of where they were.
    await core.createNamespacedConfigMap({ namespace, body: { metadata: { name: 'later' } } });
    await cluster.apiServer.stop();
    await cluster.etcd.compact();
    await expect(trial.target.actual()).rejects.toThrow(
      /the Kubernetes API at \S+ refuses connections; is k3s running\?/,
    );
    expect(trial.target.health?.()).toMatchObject({ status: 'degraded' });
    heard.length = 0;
    await cluster.apiServer.start();
    await expect.poll(() => heard, { timeout: 120_000 }).toContain('app');
    // They were told so by the server, and have listed anew.
    const forgotten = 'the Kubernetes API has forgotten where the watch of Pod was (410): it lists anew';
    await expect.poll(() => trial.log.lines.map(({ message }) => message), { timeout: 120_000 }).toContain(forgotten);
    expect(await told()).toMatchObject({ phase: 'running' });
    expect(trial.target.health?.()).toMatchObject({ status: 'ok' });

    await cluster.node.kill();
    await cluster.node.start();
    await expect.poll(() => told(), { timeout: 120_000 }).toMatchObject({ phase: 'running' });

    heard.length = 0;
    await core.deleteCollectionNamespacedPod({ namespace });
    await expect.poll(() => heard, { timeout: 120_000 }).toContain('app');
    await expect.poll(() => told(), { timeout: 120_000 }).toMatchObject({ phase: 'running' });
    end.abort();
    await watching;
  });
});
