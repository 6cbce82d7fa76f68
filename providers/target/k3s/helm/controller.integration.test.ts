import { randomUUID } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import {
  ApiextensionsV1Api,
  CoreV1Api,
  CustomObjectsApi,
  type V1CustomResourceDefinition,
} from '@kubernetes/client-node';
import { afterAll, afterEach, beforeAll, expect, it, vi } from 'vitest';
import { parse } from 'yaml';
import { describeWith, type KubernetesPart } from '../../../../test/parts/index.js';
import { chartApplication, helmTrial } from '../../../../test/target/helm-trial.js';
import { call, faultOf, type TargetTrial } from '../../../../test/target/trial.js';
import { releaseName } from './release-name.js';
import { encodePayload, type ReleaseStatus } from './release-record.js';

const definition = join(import.meta.dirname, '../../../../test/parts/kubernetes/helm-chart.crd.yaml');
const charts = { group: 'helm.cattle.io', version: 'v1', namespace: 'kube-system', plural: 'helmcharts' };
const repository = 'oci://registry.example/charts/monitor';
const credentials = { host: 'registry.example', username: 'ada', password: 'correct horse' };

interface HelmChart {
  readonly metadata: { readonly name: string; readonly generation: number; readonly deletionTimestamp?: string };
  readonly spec: {
    readonly chart: string;
    readonly version: string;
    readonly targetNamespace: string;
    readonly valuesSecrets?: readonly { readonly name: string }[];
    readonly failurePolicy: string;
    readonly dockerRegistrySecret?: { readonly name: string };
  };
}

/**
 * The API is real and its definition of HelmChart is k3s's; the controller is not: `StandIn` writes what it would write,
 * and what the Helm in its jobs would.
 */
describeWith(['kubernetes'], 'charts by the controller of the cluster, for which a stand-in writes', (start) => {
  let cluster: KubernetesPart;
  let standIn: StandIn;
  const trials: TargetTrial[] = [];

  beforeAll(async () => {
    cluster = await start.kubernetes();
    const body = parse(readFileSync(definition, 'utf8')) as V1CustomResourceDefinition;
    await cluster.client().makeApiClient(ApiextensionsV1Api).createCustomResourceDefinition({ body });
    standIn = new StandIn(cluster);
    // A definition is served a moment after it is made.
    await vi.waitUntil(() => standIn.charts().catch(() => undefined), { timeout: 60_000 });
  }, 300_000);
  afterEach(async () => {
    for (const trial of trials.splice(0)) await trial.dispose();
  });
  afterAll(async () => {
    await cluster?.stop();
  }, 120_000);

  const begin = async (): Promise<TargetTrial> => {
    const config = { registries: [credentials], helm: { driver: 'auto', program: '/nowhere/helm' } };
    const trial = await helmTrial(cluster.kubeconfig, config);
    trials.push(trial);
    return trial;
  };
  const place = () => ({ id: randomUUID(), namespace: `line-${randomUUID().slice(0, 8)}` });
  const componentOf = async ({ target }: TargetTrial, id: string) =>
    (await target.actual()).find((each) => each.id === id)?.components[0];

  it('says what to install where nothing acts on HelmCharts and there is no helm, and finds the controller later', async () => {
    await standIn.goAway();
    const trial = await begin();
    const where = place();
    const fault = await faultOf(
      trial.target.apply(chartApplication(repository, '1.0.0', {}, where), 'monitor', call()),
    );
    expect(fault).toMatchObject({ code: 'platform', retry: true });
    expect(fault.message).toBe(
      'the cluster serves HelmChart, and nothing there acts on it (k3s with --disable-helm-controller?), and the program /nowhere/helm is not there; use k3s with its Helm controller, or install helm 3 or 4',
    );
    expect(trial.target.health?.()).toMatchObject({ reason: expect.stringContaining('no Helm: ') });
    await standIn.beThere();
    const applying = trial.target.apply(chartApplication(repository, '1.0.0', {}, where), 'monitor', call());
    await standIn.installs(releaseName('tutti', where.id, 'monitor'), '1.0.0', 'deployed');
    await applying;
    expect(trial.target.health?.()).toEqual({
      status: 'ok',
      reason: 'Helm by controller: the cluster has a Helm controller (k3s)',
    });
  });

  it('are installed, updated, brought back when Helm fails, and removed when the controller has let go', async () => {
    await standIn.beThere();
    const trial = await begin();
    const { target } = trial;
    const where = place();
    const name = releaseName('tutti', where.id, 'monitor');
    const told = call();
    const apply = (revision: string, parameters: Record<string, string>) =>
      target.apply(chartApplication(repository, revision, { parameters }, where), 'monitor', told);

    const installing = apply('1.0.0', { 'app.token': 'sesame' });
    const chart = await standIn.seen(name);
    expect(chart.spec).toMatchObject({
      ...{ chart: repository, version: '1.0.0', targetNamespace: where.namespace, failurePolicy: 'abort' },
      dockerRegistrySecret: { name: `${name}-registry` },
    });
    expect(JSON.stringify(chart)).not.toMatch(/sesame|horse/);
    expect(await standIn.valuesOf(chart)).toMatchObject({ app: { token: 'sesame' } });
    expect(await componentOf(trial, where.id)).toMatchObject({ phase: 'installing' });
    await standIn.installs(name, '1.0.0', 'deployed');
    await installing;
    const good = await componentOf(trial, where.id);
    expect(good).toMatchObject({ phase: 'running' });
    await apply('1.0.0', { 'app.token': 'sesame' });
    expect((await standIn.seen(name)).metadata.generation).toBe(chart.metadata.generation);

    // What fails is told, and the chart is what it was.
    const updating = faultOf(apply('2.0.0', {}));
    await standIn.installs(name, '2.0.0', 'failed', 'Upgrade "monitor" failed: the port is taken');
    expect((await standIn.seen(name, chart.metadata.generation + 1, '1.0.0')).spec).toMatchObject({ version: '1.0.0' });
    // Of a release that failed the controller would want to hear no more.
    expect(await standIn.statuses(name, where.namespace)).toEqual(['deployed', 'deployed']);
    await standIn.installs(name, '1.0.0', 'deployed');
    const fault = await updating;
    expect(fault).toMatchObject({ code: 'start', retry: true });
    expect(fault.message).toContain('the port is taken');
    expect(fault.message).toContain('revision 1.0.0 was brought back');
    await expect.poll(() => componentOf(trial, where.id)).toEqual(good);

    // A later agent finds an update under way, and does not take the release of before for it.
    const abort = new AbortController();
    const application = chartApplication(repository, '3.0.0', {}, where);
    const aborted = target.apply(application, 'monitor', { ...call(), signal: abort.signal }).catch((error) => error);
    await standIn.seen(name, undefined, '3.0.0');
    abort.abort(new Error('enough'));
    expect(await aborted).toMatchObject({ message: 'enough' });
    const later = await trial.again();
    const component = (await later.actual()).find(({ id }) => id === where.id)?.components[0];
    expect(component).toMatchObject({ phase: 'installing' });
    expect(component?.applied).toBeUndefined();
    await standIn.installs(name, '3.0.0', 'deployed');
    await expect.poll(() => componentOf(trial, where.id)).toMatchObject({ phase: 'running' });

    const removing = target.remove({ id: where.id, name: '' }, 'monitor', false, call());
    await standIn.uninstalls(name);
    await removing;
    expect(await componentOf(trial, where.id)).toBeUndefined();
    expect(await standIn.left(name, where.namespace)).toEqual([]);
    expect(JSON.stringify([trial.log.lines, told.told])).not.toMatch(/sesame|horse/);
  });

  it('leave a HelmChart of the same name alone that is not ours', async () => {
    await standIn.beThere();
    const trial = await begin();
    const where = place();
    const name = releaseName('tutti', where.id, 'monitor');
    await standIn.make(name);
    const fault = await faultOf(
      trial.target.apply(chartApplication(repository, '1.0.0', {}, where), 'monitor', call()),
    );
    expect(fault.message).toContain(`HelmChart kube-system/${name} is not ours`);
    const removing = faultOf(trial.target.remove({ id: where.id, name: '' }, 'monitor', false, call()));
    expect((await removing).message).toContain('is not ours');
    expect((await standIn.seen(name)).spec.chart).toBe('theirs');
  });
});

/** Plays the part of k3s's controller, and of the Helm in its jobs. */
class StandIn {
  readonly #core: CoreV1Api;
  readonly #objects: CustomObjectsApi;

  constructor(cluster: KubernetesPart) {
    this.#core = cluster.client().makeApiClient(CoreV1Api);
    this.#objects = cluster.client().makeApiClient(CustomObjectsApi);
  }

  async charts(): Promise<readonly HelmChart[]> {
    const { items } = (await this.#objects.listNamespacedCustomObject(charts)) as { readonly items: HelmChart[] };
    return items;
  }

  /** Shows that a controller is there: a chart that it has claimed, as k3s's own (traefik) are. */
  async beThere(): Promise<void> {
    if ((await this.charts()).some(({ metadata }) => metadata.name === 'traefik')) return;
    await this.make('traefik', { 'helmcharts.cattle.io/managed-by': 'helm-controller' });
  }

  async goAway(): Promise<void> {
    if ((await this.charts()).some(({ metadata }) => metadata.name === 'traefik'))
      await this.#objects.deleteNamespacedCustomObject({ ...charts, name: 'traefik' });
  }

  async make(name: string, annotations: Record<string, string> = {}): Promise<void> {
    const body = {
      ...{ apiVersion: 'helm.cattle.io/v1', kind: 'HelmChart' },
      ...{ metadata: { name, annotations }, spec: { chart: 'theirs' } },
    };
    await this.#objects.createNamespacedCustomObject({ ...charts, body });
  }

  /** The chart once it is there, of that generation or a later one. */
  async seen(name: string, generation = 1, version?: string): Promise<HelmChart> {
    let found: HelmChart | undefined;
    await expect
      .poll(async () => {
        found = (await this.charts()).find(({ metadata }) => metadata.name === name);
        const isNew = (found?.metadata.generation ?? 0) >= generation;
        return isNew && (version === undefined || found?.spec.version === version);
      })
      .toBe(true);
    if (found === undefined) throw new Error(`there is no HelmChart ${name}`);
    return found;
  }

  async valuesOf({ spec }: HelmChart): Promise<Record<string, unknown>> {
    const [reference] = spec.valuesSecrets ?? [];
    const { data } = await this.#core.readNamespacedSecret({ namespace: 'kube-system', name: reference?.name ?? '' });
    return JSON.parse(Buffer.from(data?.['values.yaml'] ?? '', 'base64').toString());
  }

  /** Holds the chart by its finalizer, and writes the record that Helm writes at the end of an install or an upgrade. */
  async installs(name: string, version: string, status: ReleaseStatus, description = 'complete'): Promise<void> {
    const before = await this.#newest(name);
    const chart = await this.seen(name, undefined, version);
    await this.#finalizers(name, ['wrangler.cattle.io/on-helm-chart-remove']);
    const { targetNamespace: namespace } = chart.spec;
    const revision = before + 1;
    const release = {
      ...{ name, namespace, version: revision, info: { status, description }, config: await this.valuesOf(chart) },
      ...{ chart: { metadata: { name: 'monitor', version } }, manifest: '' },
    };
    if (status === 'deployed') await this.#supersede(name, namespace);
    await this.#core.createNamespacedSecret({
      namespace,
      body: {
        metadata: {
          name: `sh.helm.release.v1.${name}.v${revision}`,
          labels: { name, owner: 'helm', status, version: String(revision) },
        },
        type: 'helm.sh/release.v1',
        data: { release: encodePayload(release) },
      },
    });
  }

  /** As the controller does once its uninstall job has ended. */
  async uninstalls(name: string): Promise<void> {
    await expect
      .poll(
        async () => (await this.charts()).find(({ metadata }) => metadata.name === name)?.metadata.deletionTimestamp,
      )
      .toBeDefined();
    const chart = await this.seen(name);
    await this.#core.deleteCollectionNamespacedSecret({
      namespace: chart.spec.targetNamespace,
      labelSelector: `owner=helm,name=${name}`,
    });
    await this.#finalizers(name, []);
  }

  async statuses(name: string, namespace: string): Promise<readonly (string | undefined)[]> {
    const { items } = await this.#core.listNamespacedSecret({ namespace, labelSelector: `owner=helm,name=${name}` });
    return items.map(({ metadata }) => metadata?.labels?.['status']);
  }

  /** Names of what is still there of a release. */
  async left(name: string, namespace: string): Promise<readonly string[]> {
    const lists = await Promise.all(
      [namespace, 'kube-system'].map((each) => this.#core.listNamespacedSecret({ namespace: each })),
    );
    const names = lists.flatMap(({ items }) => items.map(({ metadata }) => metadata?.name ?? ''));
    const [, digest = name] = /-([0-9a-f]{12})$/.exec(name) ?? [];
    return names.filter((each) => each.includes(digest));
  }

  async #newest(name: string): Promise<number> {
    const { items } = await this.#core.listSecretForAllNamespaces({ labelSelector: `owner=helm,name=${name}` });
    return Math.max(0, ...items.map(({ metadata }) => Number(metadata?.labels?.['version'])));
  }

  async #supersede(name: string, namespace: string): Promise<void> {
    await this.#core.deleteCollectionNamespacedSecret({ namespace, labelSelector: `owner=helm,name=${name}` });
  }

  async #finalizers(name: string, finalizers: readonly string[]): Promise<void> {
    await this.#objects.patchNamespacedCustomObject({
      ...charts,
      name,
      body: [{ op: 'add', path: '/metadata/finalizers', value: finalizers }],
    });
  }
}
