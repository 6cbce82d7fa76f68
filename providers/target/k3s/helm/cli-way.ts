import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type ApplyCall, TargetFault } from '../../../../core/plugin/index.js';
import type { Login } from '../../../shared/logins/index.js';
import type { ApplyRequest, DriverContext, Release, RemoveRequest } from '../driver.js';
import { marks, releaseKey } from '../marks.js';
import { clusterArguments, rollbackArguments, uninstallArguments, upgradeArguments } from './arguments.js';
import { loginsFor, tellRefused } from './chart-reference.js';
import { cliRelease } from './cli-status.js';
import { complaintFault, RegistryDenied } from './complaint.js';
import type { HelmCall, HelmProgram, Scratch } from './helm-program.js';
import type { HelmVersion } from './helm-version.js';
import { foreignRelease, releaseHistory } from './history.js';
import { lastTrouble } from './last-trouble.js';
import { type Claim, goalOf, type Memo, releaseLabels } from './memo.js';
import { deployedRevision, type ReleaseRevision } from './release-record.js';
import { remedyFor } from './remedy.js';
import { keepVolumes } from './volumes.js';
import type { HelmWay } from './way.js';

/** Milliseconds that an uninstall may take, or going back, which waits for hooks alone; whoever asked may end it before. */
const changeTime = 300_000;

/** Milliseconds beyond what helm was told, which covers neither the chart's pull nor what it asks the cluster. */
const grace = 60_000;

/** By the helm program on this machine. */
export class CliWay implements HelmWay {
  constructor(
    private readonly on: DriverContext,
    private readonly program: HelmProgram,
    private readonly version: (signal: AbortSignal) => Promise<HelmVersion>,
  ) {}

  async release(memo: Memo, signal: AbortSignal): Promise<Release> {
    return cliRelease(memo, await this.#history(memo, signal));
  }

  async foreign(claim: Claim, signal: AbortSignal): Promise<TargetFault | undefined> {
    const newest = (await releaseHistory(this.on.cluster, claim, signal))[0];
    return newest === undefined || isOf(newest, claim) ? undefined : foreignRelease(claim);
  }

  async bring(memo: Memo, request: ApplyRequest, call: ApplyCall): Promise<void> {
    const { component } = request;
    const { signal } = call;
    const version = await this.version(signal);
    const logins = loginsFor(memo.goal.chart.chart, await this.on.logins(signal));
    await this.program.withScratch(logins, async (scratch) => {
      await this.#heal(memo, scratch, call);
      const goesBack = deployedRevision(await this.#history(memo, signal)) !== undefined;
      const valuesFile = join(scratch.directory, 'values.json');
      // YAML is a superset of JSON.
      await writeFile(valuesFile, JSON.stringify(memo.goal.values), { mode: 0o600 });
      const args = upgradeArguments(version, {
        ...{ ...this.#place(memo), chart: memo.goal.chart, valuesFile, registryConfig: scratch.registryConfig },
        ...this.#registry(),
        labels: releaseLabels(memo.mark, memo.goal.applied),
        milliseconds: component.timeout,
        ...(component.wait && { wait: { goesBack } }),
      });
      call.progress(`helm installs ${component.name} ${component.revision}`);
      await this.#upgrade(memo, args, {
        ...{ scratch, call, logins, watched: component.wait, cleans: component.wait && !goesBack },
        // To go back takes helm as long again.
        milliseconds: component.wait && goesBack ? 2 * component.timeout : component.timeout,
      });
    });
  }

  async goBack(memo: Memo, _request: ApplyRequest, call: ApplyCall): Promise<boolean> {
    const history = await this.#history(memo, call.signal);
    const newest = history[0];
    if (memo.good === undefined || newest === undefined) return false;
    // Helm has gone back already.
    if (newest.status === 'deployed' && goalOf(newest.labels, memo)?.applied === memo.good.applied) return true;
    const good = history.find((each) => isRunnable(each) && goalOf(each.labels, memo)?.applied === memo.good?.applied);
    if (good === undefined) return false;
    call.progress(`helm goes back to revision ${memo.good.revision}`);
    await this.program.withScratch([], (scratch) => this.#rollback(memo, good.revision, scratch, call.signal));
    return true;
  }

  async uninstall(memo: Memo, { component }: RemoveRequest, call: ApplyCall): Promise<void> {
    call.progress(`helm uninstalls ${component}`);
    await this.program.withScratch([], (scratch) => this.#uninstall(memo, scratch, call.signal));
  }

  async #upgrade(
    memo: Memo,
    args: readonly string[],
    how: {
      readonly scratch: Scratch;
      readonly call: ApplyCall;
      /** That helm was given. */
      readonly logins: readonly Login[];
      readonly watched: boolean;
      /** Whether nothing is to be left of it when helm says that it failed, but its volumes. */
      readonly cleans: boolean;
      readonly milliseconds: number;
    },
  ): Promise<void> {
    const { scratch, call, logins, watched, cleans, milliseconds } = how;
    const { signal } = call;
    // When helm has gone back there is nothing left to see of what was wrong.
    const trouble = lastTrouble(this.on, () => this.#unfinished(memo, signal), watched ? call : undefined);
    let reason: string | undefined;
    const ended = await this.#helm(args, memo, { scratch, signal, milliseconds }).finally(async () => {
      reason = await trouble.stop();
    });
    if (ended.code === 0) return;
    const fault = complaintFault(ended.stderr, `helm could not install ${memo.mark.component}`);
    if (fault instanceof RegistryDenied) await tellRefused(logins);
    // One that was killed did not say so: the record that it left is healed by the next attempt.
    if (cleans && ended.code !== undefined) await this.#clean(memo, scratch, signal);
    const why = reason === undefined || fault.code === 'artifact' ? '' : `; ${reason}`;
    throw new TargetFault(fault.code, `${fault.message}${why}`, fault.retry);
  }

  /** What is left is a release that failed, which the next upgrade takes on: no reason to hide why it failed. */
  async #clean(memo: Memo, scratch: Scratch, signal: AbortSignal): Promise<void> {
    try {
      await this.#uninstall(memo, scratch, signal);
    } catch (error) {
      signal.throwIfAborted();
      if (!(error instanceof TargetFault)) throw error;
      this.on.log.warn(`what is left of release ${memo.release} stays: ${error.message}`);
    }
  }

  async #unfinished(memo: Memo, signal: AbortSignal): Promise<Release | undefined> {
    const history = await this.#history(memo, signal);
    const status = history[0]?.status;
    return status === 'pending-install' || status === 'pending-upgrade' ? cliRelease(memo, history) : undefined;
  }

  /** Brings a release into a state that Helm takes an upgrade in. */
  async #heal(memo: Memo, scratch: Scratch, call: ApplyCall): Promise<void> {
    const history = await this.#history(memo, call.signal);
    const remedy = remedyFor(history);
    if (remedy === undefined) return;
    this.on.log.warn(`release ${memo.release} is healed by a ${remedy.kind}: ${remedy.reason}`);
    if (remedy.kind === 'uninstall') await this.#uninstall(memo, scratch, call.signal);
    else await this.#rollback(memo, remedy.revision, scratch, call.signal);
  }

  /** Nobody waits for what it goes back to: what comes after it does. */
  async #rollback(memo: Memo, revision: number, scratch: Scratch, signal: AbortSignal): Promise<void> {
    const { history } = this.on.config.helm;
    const args = rollbackArguments({ ...this.#place(memo), revision, history, milliseconds: changeTime });
    const { code, stderr } = await this.#helm(args, memo, { scratch, signal, milliseconds: changeTime });
    if (code !== 0) throw complaintFault(stderr, `helm could not go back with ${memo.mark.component}`);
  }

  async #uninstall(memo: Memo, scratch: Scratch, signal: AbortSignal): Promise<void> {
    const history = await this.#history(memo, signal);
    const newest = history[0];
    if (newest === undefined) return;
    if (!isOf(newest, memo)) throw foreignRelease(memo);
    await keepVolumes(this.on.cluster, newest, signal);
    const args = uninstallArguments({ ...this.#place(memo), milliseconds: changeTime });
    const { code, stderr } = await this.#helm(args, memo, { scratch, signal, milliseconds: changeTime });
    if (code !== 0) throw complaintFault(stderr, `helm could not uninstall ${memo.mark.component}`);
  }

  /** @param call.milliseconds that helm was told */
  #helm(args: readonly string[], { release }: Memo, call: HelmCall) {
    const { cluster, config, resolvePath } = this.on;
    const place = clusterArguments({
      kubeconfig: cluster.access.file,
      context: config.context,
      ca: config.ca === undefined ? undefined : resolvePath(config.ca),
    });
    return this.program.run([...args, ...place], { ...call, release, milliseconds: call.milliseconds + grace });
  }

  #history(memo: Memo, signal: AbortSignal): Promise<readonly ReleaseRevision[]> {
    return releaseHistory(this.on.cluster, memo, signal);
  }

  #place({ release, namespace }: Memo): { readonly release: string; readonly namespace: string } {
    return { release, namespace };
  }

  #registry() {
    const { helm } = this.on.config;
    return {
      caFile: helm.ca === undefined ? undefined : this.on.resolvePath(helm.ca),
      insecure: helm.insecure,
      history: helm.history,
    };
  }
}

/** Whether it was made for this component: Helm puts the labels that it is given on each record. */
function isOf({ labels }: ReleaseRevision, { mark }: Claim): boolean {
  return labels[marks.release] === releaseKey(mark.owner, mark.application.id, mark.component);
}

/** Whether it was whole once. */
function isRunnable({ status }: ReleaseRevision): boolean {
  return status === 'deployed' || status === 'superseded';
}
