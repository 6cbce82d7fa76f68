import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type ApplyCall, artifactAt, RegistryFault, TargetFault } from '../../../../core/plugin/index.js';
import type { ApplyRequest, Driver, DriverContext, Release, RemoveRequest, Watched } from '../driver.js';
import { type KubernetesObject, keyOf } from '../kubernetes.js';
import { type Mark, marks, releaseKey } from '../marks.js';
import { type Choice, choiceText, chooseWay, type Way } from './choice.js';
import { CliWay } from './cli-way.js';
import { helmComponent } from './component-type.js';
import { ControllerWay } from './controller-way.js';
import { HelmProgram, type HelmProgramSettings } from './helm-program.js';
import { type HelmVersion, versionText } from './helm-version.js';
import { baseRevision, releaseHistory } from './history.js';
import { type Goal, type Memo, memoKey, memoMark, memoType, plainValues, readMemo, writtenMemo } from './memo.js';
import { prepare } from './prepared.js';
import { releaseName } from './release-name.js';
import { clusterSurroundings } from './surroundings.js';
import { keepLiveVolumes, removeVolumes } from './volumes.js';
import type { HelmWay } from './way.js';

/** Helm charts, by the cluster's own controller or by a helm program: whichever the cluster and this machine have. */
export class HelmDriver implements Driver {
  readonly type = helmComponent;
  readonly keepsTime = true;
  readonly watched: readonly Watched[];
  readonly #settings: HelmProgramSettings;
  readonly #program: HelmProgram;
  readonly #ways: Readonly<Record<Way, HelmWay>>;
  #choice: Choice | undefined;

  constructor(private readonly on: DriverContext) {
    const { clock, config, directory, resolvePath } = on;
    this.watched = [
      { path: '/api/v1/secrets', labelSelector: 'owner=helm' },
      { path: '/apis/helm.cattle.io/v1/helmcharts', labelSelector: `${marks.owner}=${config.owner}` },
    ];
    const { program } = config.helm;
    const path = program === undefined ? 'helm' : resolvePath(program);
    this.#settings = { path, directory, env: process.env, clock };
    this.#program = new HelmProgram(this.#settings);
    this.#ways = {
      controller: new ControllerWay(on),
      cli: new CliWay(on, this.#program, (signal) => this.#version(signal)),
    };
  }

  way(): string | undefined {
    return this.#choice && choiceText(this.#choice);
  }

  async findWay(signal: AbortSignal): Promise<string> {
    // An agent may be at work in the folder of this target.
    const directory = await mkdtemp(join(tmpdir(), 'tutti-helm-'));
    try {
      return choiceText(await this.#look(new HelmProgram({ ...this.#settings, directory }), signal));
    } finally {
      await rm(directory, { recursive: true, force: true });
    }
  }

  async releases(signal: AbortSignal): Promise<readonly Release[]> {
    await this.#choose(signal);
    const secrets = await this.#secrets(`${marks.owner}=${this.on.config.owner}`, signal);
    const releases = await Promise.all(secrets.map((secret) => this.#release(secret, signal)));
    return releases.filter((release) => release !== undefined);
  }

  async apply(request: ApplyRequest, call: ApplyCall): Promise<void> {
    const { signal } = call;
    const { component, application, namespace } = request;
    const { config, cluster, namespaces } = this.on;
    const { release, chart, values, pullSecret } = prepare(request, config, await this.on.logins(signal));
    const mark = this.#mark(application, component.name);
    const before = (await this.#find(mark, signal)).find((memo) => memo.namespace === namespace);
    const way = before?.way ?? (await this.#chosen(signal));
    const goal: Goal = {
      ...{ applied: request.applied, revision: component.revision, chart },
      values: plainValues(values),
    };
    const ran = request.presentRuns || before?.ran === true;
    const good = ran && before?.goal.applied !== request.applied ? before?.goal : before?.good;
    const history = await releaseHistory(cluster, { release, namespace }, signal);
    const claimed = before?.claimed ?? false;
    const foreign = await this.#ways[way].foreign({ mark, release, namespace, claimed }, signal);
    const memo: Memo = {
      ...{ format: 1, way, mark, namespace, release, goal, after: baseRevision(history) },
      claimed: foreign === undefined,
      ...(good && { good }),
    };
    await namespaces.within(namespace, signal, () => this.#write(memo, signal));
    if (pullSecret !== undefined) await cluster.apply(pullSecret, { force: true, signal });
    try {
      if (foreign !== undefined) throw foreign;
      await keepLiveVolumes(cluster, memo, signal);
      await this.#ways[way].bring(memo, request, call);
    } catch (error) {
      signal.throwIfAborted();
      if (error instanceof TargetFault) await this.#write({ ...memo, trouble: error.message }, signal);
      throw error;
    }
  }

  async ensureAvailable(request: ApplyRequest, { signal }: ApplyCall): Promise<void> {
    const { config, registry } = this.on;
    await this.#chosen(signal);
    prepare(request, config, await this.on.logins(signal));
    const { name, repository, revision } = request.component;
    try {
      await registry.resolve(artifactAt(repository, revision), { signal });
    } catch (cause) {
      signal.throwIfAborted();
      if (!(cause instanceof RegistryFault)) throw cause;
      // Helm has credentials of its own.
      if (cause.reason === 'denied') return;
      const what = `chart ${repository}:${revision} of ${name}: ${cause.message}`;
      throw new TargetFault('artifact', what, cause.reason !== 'invalid', { cause });
    }
  }

  async goBack(request: ApplyRequest, call: ApplyCall, fault: TargetFault): Promise<string | undefined> {
    // What Helm itself could not bring onto the cluster it takes care of itself.
    if (!['timeout', 'unhealthy', 'start'].includes(fault.code)) return undefined;
    const { signal } = call;
    const { application, component, namespace } = request;
    const found = await this.#find(this.#mark(application, component.name), signal);
    const memo = found.find((each) => each.namespace === namespace);
    const good = memo?.good;
    if (memo === undefined || good === undefined || good.applied === request.applied) return undefined;
    if (memo.goal.applied !== request.applied) return undefined;
    const history = await releaseHistory(this.on.cluster, memo, signal);
    await keepLiveVolumes(this.on.cluster, memo, signal);
    if (!(await this.#ways[memo.way].goBack(memo, request, call))) return undefined;
    const { trouble: _trouble, ...rest } = memo;
    await this.#write({ ...rest, goal: good, ran: true, after: baseRevision(history) }, signal);
    return good.revision;
  }

  async noteRuns(request: ApplyRequest, { signal }: ApplyCall): Promise<void> {
    const { application, component, namespace, applied } = request;
    const found = await this.#find(this.#mark(application, component.name), signal);
    const memo = found.find((each) => each.namespace === namespace && each.goal.applied === applied);
    if (memo !== undefined && memo.ran !== true) await this.#write({ ...memo, ran: true }, signal);
  }

  async remove(request: RemoveRequest, call: ApplyCall): Promise<void> {
    const { cluster, config, namespaces } = this.on;
    const { application, component, purge } = request;
    const { signal } = call;
    const mark = this.#mark(application, component);
    const key = releaseKey(config.owner, application.id, component);
    const release = releaseName(config.owner, application.id, component);
    const memos = await this.#find(mark, signal);
    for (const memo of memos) {
      await this.#ways[memo.way].uninstall(memo, request, call);
      if (purge) await removeVolumes(cluster, release, signal);
      // The memo goes with the namespace, or last: whoever is killed in between finds it again.
      const goes = ({ kind, metadata }: KubernetesObject): boolean =>
        kind === 'Secret' && metadata.labels?.[marks.release] === key;
      if (await namespaces.removeIfEmpty(memo.namespace, signal, goes)) continue;
      const path = `/api/v1/namespaces/${encodeURIComponent(memo.namespace)}/secrets`;
      const { items } = await cluster.list(path, { labelSelector: `${marks.release}=${key}`, signal });
      const own = items.filter((secret) => secret['type'] === 'kubernetes.io/dockerconfigjson');
      for (const secret of own) await cluster.delete(keyOf(secret), { signal });
      await cluster.delete(memoKey(mark, memo.namespace), { signal });
    }
    if (purge && memos.length === 0) await removeVolumes(cluster, release, signal);
  }

  async #release(secret: KubernetesObject, signal: AbortSignal): Promise<Release | undefined> {
    let memo: Memo | undefined;
    try {
      memo = readMemo(secret);
    } catch (error) {
      const mark = memoMark(secret);
      if (mark === undefined || !(error instanceof TargetFault)) throw error;
      // The others are none the worse for it.
      const { application, component } = mark;
      const { namespace = 'default' } = secret.metadata;
      return { application, component, namespace, state: 'failed', reason: error.message, owns: () => false };
    }
    return memo && this.#ways[memo.way].release(memo, signal);
  }

  async #chosen(signal: AbortSignal): Promise<Way> {
    // Asked anew where nothing was found: somebody may have installed it since.
    const choice = await this.#choose(signal, 'fault' in (this.#choice ?? {}));
    if ('fault' in choice) throw new TargetFault('platform', choice.fault, true);
    return choice.way;
  }

  async #choose(signal: AbortSignal, again = false): Promise<Choice> {
    if (this.#choice !== undefined && !again) return this.#choice;
    const choice = await this.#look(this.#program, signal);
    this.#choice = choice;
    this.on.log.info(choiceText(choice));
    return choice;
  }

  async #look(helm: HelmProgram, signal: AbortSignal): Promise<Choice> {
    const asked = this.on.config.helm.driver;
    const [cluster, found] = await Promise.all([
      // Whoever has asked for the program need not know what the cluster has.
      asked === 'cli' ? { helmCharts: false, controller: false } : clusterSurroundings(this.on.cluster, signal),
      helm.version(signal),
    ]);
    const program = 'missing' in found ? found : { path: helm.path, version: found.version };
    return chooseWay(asked, { cluster, program });
  }

  async #version(signal: AbortSignal): Promise<HelmVersion> {
    const found = await this.#program.version(signal);
    if ('missing' in found) throw new TargetFault('platform', found.missing, true);
    this.on.log.debug(`helm is ${versionText(found.version)}`);
    return found.version;
  }

  #mark({ id, name }: { readonly id: string; readonly name: string }, component: string): Mark {
    return { owner: this.on.config.owner, application: { id, name }, component };
  }

  async #find({ owner, application, component }: Mark, signal: AbortSignal): Promise<readonly Memo[]> {
    const secrets = await this.#secrets(`${marks.release}=${releaseKey(owner, application.id, component)}`, signal);
    return secrets.map(readMemo).filter((memo) => memo !== undefined);
  }

  async #secrets(labelSelector: string, signal: AbortSignal): Promise<readonly KubernetesObject[]> {
    const fieldSelector = `type=${memoType}`;
    return (await this.on.cluster.list('/api/v1/secrets', { labelSelector, fieldSelector, signal })).items;
  }

  async #write(memo: Memo, signal: AbortSignal): Promise<void> {
    await this.on.cluster.apply(writtenMemo(memo), { force: true, signal });
  }
}
