import { readFile } from 'node:fs/promises';
import { type ApplyCall, TargetFault, z } from '../../../../core/plugin/index.js';
import { withDeadline } from '../../../../core/work/index.js';
import type { ApplyRequest, DriverContext, Release, RemoveRequest } from '../driver.js';
import { type KubernetesObject, keyOf, shown } from '../kubernetes.js';
import { marks, releaseKey } from '../marks.js';
import { untilGone } from '../until-gone.js';
import { type ChartSurroundings, chartKey, chartNamespace, chartObjects, isOurs } from './controller-chart.js';
import { chartLabel, helmPods, helmTrouble, installJob, podReason } from './controller-job.js';
import { controllerRelease, staleRevisions } from './controller-status.js';
import { releaseHistory } from './history.js';
import type { Goal, Memo } from './memo.js';
import type { ReleaseRevision } from './release-record.js';
import { keepVolumes } from './volumes.js';
import { untilSeen } from './wake.js';
import type { HelmWay } from './way.js';

/** By the Helm controller of the cluster (k3s): a HelmChart says what is to be, and Helm's own records say what is. */
export class ControllerWay implements HelmWay {
  constructor(private readonly on: DriverContext) {}

  async release(memo: Memo, signal: AbortSignal): Promise<Release> {
    const [chart, history] = await Promise.all([this.#chart(memo, signal), this.#history(memo, signal)]);
    return controllerRelease(memo, chart, history);
  }

  async bring(memo: Memo, request: ApplyRequest, call: ApplyCall): Promise<void> {
    const { component } = request;
    const { signal } = call;
    // Pods of an earlier try say nothing about this one.
    const earlier = await helmPods(this.on.cluster, memo.release, signal);
    await this.#ask(memo, memo.goal, component.timeout, signal);
    call.progress(`the Helm controller of the cluster installs ${component.name} ${component.revision}`);
    const late = async (): Promise<TargetFault> => {
      const why = podReason(await helmPods(this.on.cluster, memo.release, signal));
      const what = `the Helm controller of the cluster did not finish ${component.name} in ${component.timeout / 1000} s`;
      return new TargetFault('timeout', `${what}${why === undefined ? '; is it running?' : `: ${why}`}`, true);
    };
    const time = { clock: this.on.clock, milliseconds: component.timeout, signal, late };
    await withDeadline(time, (during) => this.#untilDone(memo, earlier, during));
    await this.#prune(memo, signal);
  }

  async goBack(memo: Memo, { component }: ApplyRequest, call: ApplyCall): Promise<boolean> {
    if (memo.good === undefined) return false;
    call.progress(`the Helm controller of the cluster goes back to revision ${memo.good.revision}`);
    await this.#ask(memo, memo.good, component.timeout, call.signal);
    return true;
  }

  async uninstall(memo: Memo, { component }: RemoveRequest, call: ApplyCall): Promise<void> {
    const { cluster, clock } = this.on;
    const { signal } = call;
    const chart = await this.#chart(memo, signal);
    if (chart !== undefined) {
      refuseForeignChart(chart, memo);
      const newest = (await this.#history(memo, signal))[0];
      if (newest !== undefined) await keepVolumes(cluster, newest, signal);
      call.progress(`the Helm controller of the cluster uninstalls ${component}`);
      const { uid } = chart.metadata;
      await cluster.delete(keyOf(chart), { uid, signal });
      await untilGone(cluster, keyOf(chart), { uid, clock, signal });
    }
    const left = await this.#history(memo, signal);
    if (chart !== undefined && left.length > 0) {
      const what = `the Helm controller of the cluster left release ${memo.release} in namespace ${memo.namespace}; remove it (helm uninstall)`;
      throw new TargetFault('platform', what, true);
    }
    for (const secret of await this.#secrets(memo, signal)) await cluster.delete(keyOf(secret), { signal });
  }

  /** Tells the controller what there is to be, so that it tries that, whatever came of it before. */
  async #ask(memo: Memo, goal: Goal, timeout: number, signal: AbortSignal): Promise<void> {
    const { cluster } = this.on;
    const before = await this.#chart(memo, signal);
    const history = await this.#history(memo, signal);
    if (before === undefined) {
      if (history.length > 0) throw foreignRelease(memo);
    } else refuseForeignChart(before, memo);
    for (const { namespace, secret } of staleRevisions(history)) {
      const key = { apiVersion: 'v1', kind: 'Secret', namespace, name: secret.name };
      await cluster.delete(key, { uid: secret.uid, signal });
    }
    const { chart, secrets } = chartObjects(memo, goal, await this.#surroundings(timeout, signal));
    for (const secret of secrets) await cluster.apply(secret, { force: true, signal });
    const now = await cluster.apply(chart, { force: true, signal });
    // Nothing is new to the controller: it begins again when its job is gone.
    if (now.metadata.generation === before?.metadata.generation) {
      await cluster.delete(installJob(memo.release), { signal });
    }
  }

  async #untilDone(memo: Memo, earlier: readonly KubernetesObject[], signal: AbortSignal): Promise<void> {
    const { cluster, clock } = this.on;
    const { release, namespace } = memo;
    const ignored = new Set(earlier.map(({ metadata }) => metadata.uid));
    const lists = [
      { path: `/api/v1/namespaces/${namespace}/secrets`, labelSelector: `owner=helm,name=${release}` },
      { path: `/api/v1/namespaces/${chartNamespace}/pods`, labelSelector: `${chartLabel}=${release}` },
    ].map((list) => ({ ...list, clock, metadataOnly: true }));
    await untilSeen(cluster, lists, signal, async (during) => {
      const { state, reason } = await this.release(memo, during);
      if (state === 'deployed') return true;
      if (state === 'failed')
        throw new TargetFault('start', `${memo.mark.component}: ${reason ?? 'Helm failed'}`, true);
      const pods = await helmPods(cluster, release, during);
      const fresh = pods.filter(({ metadata }) => !ignored.has(metadata.uid));
      const trouble = await helmTrouble(cluster, fresh, memo.mark.component, during);
      if (trouble !== undefined) throw trouble;
      return undefined;
    });
  }

  /** Deletes values that no chart refers to any more. */
  async #prune(memo: Memo, signal: AbortSignal): Promise<void> {
    const { cluster } = this.on;
    const chart = await this.#chart(memo, signal);
    const used = JSON.stringify(chart?.['spec'] ?? {});
    for (const secret of await this.#secrets(memo, signal)) {
      if (!used.includes(`"${secret.metadata.name}"`)) await cluster.delete(keyOf(secret), { signal });
    }
  }

  async #secrets({ mark }: Memo, signal: AbortSignal): Promise<readonly KubernetesObject[]> {
    const path = `/api/v1/namespaces/${chartNamespace}/secrets`;
    const labelSelector = `${marks.release}=${releaseKey(mark.owner, mark.application.id, mark.component)}`;
    return (await this.on.cluster.list(path, { labelSelector, signal })).items;
  }

  async #surroundings(timeout: number, signal: AbortSignal): Promise<ChartSurroundings> {
    const { config, resolvePath } = this.on;
    return {
      ca: config.helm.ca === undefined ? undefined : await readFile(resolvePath(config.helm.ca), 'utf8'),
      insecure: config.helm.insecure,
      logins: await this.on.logins(signal),
      fields: await this.#fields(signal),
      timeout,
    };
  }

  /** What the cluster's HelmChart can be told. */
  async #fields(signal: AbortSignal): Promise<ReadonlySet<string>> {
    const key = {
      apiVersion: 'apiextensions.k8s.io/v1',
      kind: 'CustomResourceDefinition',
      name: 'helmcharts.helm.cattle.io',
    };
    const definition = definitionModel.safeParse(await this.on.cluster.get(key, signal)).data;
    const version = definition?.spec.versions.find(({ name }) => name === 'v1');
    return new Set(Object.keys(version?.schema.openAPIV3Schema.properties.spec?.properties ?? {}));
  }

  #chart({ release }: Memo, signal: AbortSignal): Promise<KubernetesObject | undefined> {
    return this.on.cluster.get(chartKey(release), signal);
  }

  #history(memo: Memo, signal: AbortSignal): Promise<readonly ReleaseRevision[]> {
    return releaseHistory(this.on.cluster, memo, signal);
  }
}

const definitionModel = z.object({
  spec: z.object({
    versions: z.array(
      z.object({
        name: z.string(),
        schema: z.object({
          openAPIV3Schema: z.object({
            properties: z.object({
              spec: z.object({ properties: z.record(z.string(), z.unknown()).default({}) }).optional(),
            }),
          }),
        }),
      }),
    ),
  }),
});

function refuseForeignChart(chart: KubernetesObject, memo: Memo): void {
  if (isOurs(chart, memo)) return;
  const what = `${memo.mark.component}: ${shown(keyOf(chart))} is not ours, and is left as it is; remove it or rename it`;
  throw new TargetFault('platform', what, true);
}

function foreignRelease({ mark, release, namespace }: Memo): TargetFault {
  const what = `${mark.component}: Helm release ${release} in namespace ${namespace} is not ours, and is left as it is; remove it (helm uninstall ${release} -n ${namespace}) or take another namespace`;
  return new TargetFault('platform', what, true);
}
