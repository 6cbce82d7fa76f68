import { readFile } from 'node:fs/promises';
import { type ApplyCall, TargetFault, z } from '../../../../core/plugin/index.js';
import { withDeadline } from '../../../../core/work/index.js';
import type { ApplyRequest, DriverContext, Release, RemoveRequest } from '../driver.js';
import { type KubernetesObject, keyOf, shown } from '../kubernetes.js';
import { marks, releaseKey } from '../marks.js';
import { untilGone } from '../until-gone.js';
import { loginsFor, tellRefused } from './chart-reference.js';
import { RegistryDenied } from './complaint.js';
import { type ChartSurroundings, chartKey, chartNamespace, chartObjects, isOurs } from './controller-chart.js';
import { helmPods, helmTrouble, installJob, isAtWork, podReason, podsOf } from './controller-job.js';
import { controllerRelease } from './controller-status.js';
import { baseRevision, foreignRelease, releaseHistory } from './history.js';
import type { Claim, Goal, Memo } from './memo.js';
import { overridesOf } from './overrides.js';
import type { ReleaseRevision } from './release-record.js';
import { settle } from './settled.js';
import { keepVolumes } from './volumes.js';
import { untilSeen } from './wake.js';
import type { HelmWay } from './way.js';

/** By the Helm controller of the cluster (k3s): a HelmChart says what is to be, and Helm's own records say what is. */
export class ControllerWay implements HelmWay {
  constructor(private readonly on: DriverContext) {}

  async release(memo: Memo, signal: AbortSignal): Promise<Release> {
    const [chart, history] = await Promise.all([this.#chart(memo, signal), this.#history(memo, signal)]);
    const found = controllerRelease(memo, chart, history);
    if (found.state === 'deployed') return found;
    const overrides = await overridesOf(this.on.cluster, memo.release, signal);
    return overrides === undefined ? found : controllerRelease(memo, chart, history, overrides);
  }

  async foreign(claim: Claim, signal: AbortSignal): Promise<TargetFault | undefined> {
    const chart = await this.#chart(claim, signal);
    if (chart !== undefined) return isOurs(chart, claim) ? undefined : foreignChart(chart, claim);
    // The records that the controller's Helm writes do not say for whom.
    if (claim.claimed || (await this.#history(claim, signal)).length === 0) return undefined;
    return foreignRelease(claim);
  }

  async bring(memo: Memo, request: ApplyRequest, call: ApplyCall): Promise<void> {
    const { component } = request;
    const { signal } = call;
    call.progress(`the Helm controller of the cluster installs ${component.name} ${component.revision}`);
    try {
      await this.#install(memo, component.timeout, signal);
    } catch (error) {
      const { good, goal } = memo;
      if (error instanceof RegistryDenied) await tellRefused(loginsFor(goal.chart.chart, await this.on.logins(signal)));
      const isMissing = error instanceof TargetFault && error.code === 'artifact';
      if (isMissing && good !== undefined) await this.#putBack(memo, good, component.timeout, signal);
      throw error;
    }
    await this.#prune(memo, signal);
  }

  async goBack(memo: Memo, { component }: ApplyRequest, call: ApplyCall): Promise<boolean> {
    const { good } = memo;
    if (good === undefined) return false;
    call.progress(`the Helm controller of the cluster goes back to revision ${good.revision}`);
    const { trouble: _trouble, ...rest } = memo;
    const after = baseRevision(await this.#history(memo, call.signal));
    await this.#install({ ...rest, goal: good, after }, component.timeout, call.signal);
    return true;
  }

  async uninstall(memo: Memo, { component }: RemoveRequest, call: ApplyCall): Promise<void> {
    const { cluster, clock } = this.on;
    const { signal } = call;
    const chart = await this.#chart(memo, signal);
    if (chart !== undefined) {
      if (!isOurs(chart, memo)) throw foreignChart(chart, memo);
      // One at work would write another record, which says nothing of the volumes.
      await this.#untilIdle(memo, signal);
      const newest = (await this.#history(memo, signal))[0];
      if (newest !== undefined) await keepVolumes(cluster, newest, signal);
      call.progress(`the Helm controller of the cluster uninstalls ${component}`);
      const { uid } = chart.metadata;
      await cluster.delete(keyOf(chart), { uid, signal });
      await untilGone(cluster, keyOf(chart), { uid, clock, signal });
    }
    // Its HelmChart goes even when its Helm could not uninstall it, and nobody tries again.
    if ((await this.#history(memo, signal)).length > 0) {
      if (chart === undefined && !memo.claimed) throw foreignRelease(memo);
      const { release, namespace } = memo;
      const what = `the Helm controller of the cluster left release ${release} in namespace ${namespace}; remove it (helm uninstall ${release} -n ${namespace})`;
      throw new TargetFault('platform', what, true);
    }
    for (const secret of await this.#secrets(memo, signal)) await cluster.delete(keyOf(secret), { signal });
  }

  /** Resolves when the controller's Helm has done what the memo says. @throws TargetFault when it has not in time */
  async #install(memo: Memo, timeout: number, signal: AbortSignal): Promise<void> {
    const { component } = memo.mark;
    const late = async (): Promise<TargetFault> => {
      const why = podReason(await helmPods(this.on.cluster, memo.release, signal));
      const what = `the Helm controller of the cluster did not finish ${component} in ${timeout / 1000} s`;
      return new TargetFault('timeout', `${what}${why === undefined ? '; is it running?' : `: ${why}`}`, true);
    };
    await withDeadline({ clock: this.on.clock, milliseconds: timeout, signal, late }, async (during) => {
      // A Helm that is killed in the middle leaves what the next one refuses: whoever had it begin, it ends first.
      await this.#untilIdle(memo, during);
      if ((await this.release(memo, during)).state === 'deployed') return;
      // Pods of an earlier try say nothing about this one.
      const earlier = await helmPods(this.on.cluster, memo.release, during);
      await settle(this.on.cluster, await this.#history(memo, during), during);
      const { before, now } = await this.#ask(memo, memo.goal, timeout, during);
      // Nothing is new to the controller: it begins again when its job is gone.
      if (now.metadata.generation === before?.metadata.generation) {
        await this.on.cluster.delete(installJob(memo.release), { signal: during });
      }
      await this.#untilDone(memo, earlier, during);
    });
  }

  /** A chart that cannot be had is no reason for the controller to try it for ever, in place of what runs. */
  async #putBack(memo: Memo, good: Goal, timeout: number, signal: AbortSignal): Promise<void> {
    try {
      await this.#ask(memo, good, timeout, signal);
    } catch (error) {
      signal.throwIfAborted();
      if (!(error instanceof TargetFault)) throw error;
      // The next attempt tells the controller anew; why this one failed is what counts.
      this.on.log.warn(`HelmChart ${memo.release} still asks for what cannot be had: ${error.message}`);
    }
  }

  /** Tells the controller what there is to be. */
  async #ask(
    memo: Memo,
    goal: Goal,
    timeout: number,
    signal: AbortSignal,
  ): Promise<{ readonly before: KubernetesObject | undefined; readonly now: KubernetesObject }> {
    const { cluster } = this.on;
    const before = await this.#chart(memo, signal);
    if (before !== undefined && !isOurs(before, memo)) throw foreignChart(before, memo);
    const { chart, secrets } = chartObjects(memo, goal, await this.#surroundings(timeout, signal));
    for (const secret of secrets) await cluster.apply(secret, { force: true, signal });
    return { before, now: await cluster.apply(chart, { force: true, signal }) };
  }

  /** Resolves when no Helm of the controller is at work on the release. */
  async #untilIdle({ release }: Memo, signal: AbortSignal): Promise<void> {
    const { cluster, clock } = this.on;
    const idle = async (during: AbortSignal): Promise<true | undefined> =>
      isAtWork(await helmPods(cluster, release, during)) ? undefined : true;
    if (await idle(signal)) return;
    await untilSeen(cluster, [{ ...podsOf(release), clock, metadataOnly: true }], signal, idle);
  }

  async #untilDone(memo: Memo, earlier: readonly KubernetesObject[], signal: AbortSignal): Promise<void> {
    const { cluster, clock } = this.on;
    const { release, namespace } = memo;
    const ignored = new Set(earlier.map(({ metadata }) => metadata.uid));
    const lists = [
      { path: `/api/v1/namespaces/${namespace}/secrets`, labelSelector: `owner=helm,name=${release}` },
      podsOf(release),
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

  #chart({ release }: Pick<Memo, 'release'>, signal: AbortSignal): Promise<KubernetesObject | undefined> {
    return this.on.cluster.get(chartKey(release), signal);
  }

  #history(of: Pick<Memo, 'release' | 'namespace'>, signal: AbortSignal): Promise<readonly ReleaseRevision[]> {
    return releaseHistory(this.on.cluster, of, signal);
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

function foreignChart(chart: KubernetesObject, { mark }: Claim): TargetFault {
  const what = `${mark.component}: ${shown(keyOf(chart))} is not ours, and is left as it is; remove it or rename it`;
  return new TargetFault('platform', what, true);
}
