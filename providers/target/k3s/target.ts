import { mkdir } from 'node:fs/promises';
import {
  type ActualApplication,
  type ActualComponent,
  type ApplyCall,
  type ArtifactRegistry,
  type Clock,
  capabilitiesOf,
  componentDigest,
  componentFaults,
  type DesiredApplication,
  type DesiredComponent,
  type Health,
  type Lifecycle,
  LinkedAbortController,
  type Logger,
  type PullCredentials,
  type TargetCapabilities,
  TargetFault,
  type TargetProvider,
  Turns,
} from '../../../core/plugin/index.js';
import { withDeadline } from '../../../core/work/index.js';
import { logins } from '../../shared/logins/index.js';
import { Access } from './access.js';
import { Cluster } from './cluster.js';
import { type ComponentState, componentState, workloadsOf } from './component-status.js';
import type { K3sConfig } from './config.js';
import { k3sDeclaration } from './declaration.js';
import type { ApplyRequest, Driver, DriverContext, Release } from './driver.js';
import { drivers } from './drivers.js';
import { explanation } from './explanation.js';
import { Feed } from './feed.js';
import { workloadLogs } from './logs.js';
import { releaseKey } from './marks.js';
import { Namespaces } from './namespaces.js';
import { PullSecretRenewal } from './pull-secret-renewal.js';
import { untilRuns } from './waiting.js';
import type { Workload } from './workload-model.js';
import { workloadsIn } from './workloads.js';

export interface K3sTargetOptions {
  readonly config: K3sConfig;
  readonly registry: ArtifactRegistry;
  /** Where somebody hands this device what it pulls with. */
  readonly handed?: PullCredentials | undefined;
  readonly clock: Clock;
  readonly log: Logger;
  /** A folder of our own. */
  readonly directory: string;
  readonly resolvePath: (path: string) => string;
}

/** A release with the driver that made it. */
interface Found {
  readonly driver: Driver;
  readonly release: Release;
}

/** Components on a Kubernetes cluster, which is the only memory: nothing is kept here that an answer is made of. */
export class K3sTarget implements TargetProvider, Lifecycle {
  readonly #cluster: Cluster;
  readonly #namespaces: Namespaces;
  readonly #drivers: readonly Driver[];
  readonly #feed: Feed;
  readonly #renewal: PullSecretRenewal | undefined;
  readonly #turns = new Turns();
  readonly #stopped = new AbortController();

  constructor(private readonly options: K3sTargetOptions) {
    const { config, registry, handed, clock, log, directory, resolvePath } = options;
    this.#cluster = new Cluster(new Access({ config, resolvePath, env: process.env }), config.answerSeconds * 1000);
    this.#namespaces = new Namespaces({ cluster: this.#cluster, config, clock, log });
    const context: DriverContext = {
      ...{ cluster: this.#cluster, config, registry, clock, log, directory, resolvePath, namespaces: this.#namespaces },
      logins: (signal) => logins({ registries: config.registries, resolvePath, handed }, signal),
    };
    this.#drivers = drivers(context);
    const watched = this.#drivers.flatMap((driver) => driver.watched);
    const releases = async (signal: AbortSignal): Promise<Release[]> =>
      (await this.#releases(signal)).map(({ release }) => release);
    const alone = (release: string, work: () => Promise<void>, signal: AbortSignal): Promise<void> =>
      this.#turns.take(release, work, signal);
    this.#renewal = handed && new PullSecretRenewal({ ...context, owner: config.owner, handed, alone });
    this.#feed = new Feed({ cluster: this.#cluster, clock, log, watched, releases });
  }

  async start(): Promise<void> {
    await mkdir(this.options.directory, { recursive: true, mode: 0o700 });
    this.#feed.start();
    this.#renewal?.start();
  }

  async stop(): Promise<void> {
    this.#stopped.abort(new TargetFault('platform', 'the target has stopped', true));
    await Promise.all([this.#feed.stop(), this.#renewal?.stop(), this.#turns.idle()]);
    this.#cluster.access.close();
  }

  health(): Health {
    const health = this.#cluster.health();
    const ways = this.#drivers.map((driver) => driver.way()).filter((way) => way !== undefined);
    return health.status !== 'ok' || ways.length === 0 ? health : { status: 'ok', reason: ways.join('; ') };
  }

  async describe(): Promise<TargetCapabilities> {
    const facts = await this.#feed.facts();
    const deploymentTypes = this.#drivers.map(({ type }) => type.deploymentType);
    const { parallel } = this.options.config;
    return capabilitiesOf(k3sDeclaration, { runtimes: ['oci'], facts, parallel, deploymentTypes });
  }

  async actual(): Promise<readonly ActualApplication[]> {
    const found = await this.#releases();
    const workloads = await this.#workloads(found.map(({ release }) => release));
    const applications = new Map<string, { id: string; name: string; components: ActualComponent[] }>();
    const told = await Promise.all(found.map(({ release }) => this.#told(release, workloads)));
    for (const [at, { release }] of found.entries()) {
      const { application } = release;
      const known = applications.get(application.id) ?? { ...application, components: [] };
      const component = told[at];
      if (component !== undefined) known.components.push(component);
      applications.set(application.id, known);
    }
    return [...applications.values()];
  }

  async apply(application: DesiredApplication, name: string, asked: ApplyCall): Promise<void> {
    const { driver, component, namespace } = this.#chosen(application, name);
    const applied = componentDigest(component, driver.type.changes);
    await this.#alone(application.id, name, asked, async (call) => {
      const all = await this.#of(application.id, name, call.signal);
      const present = all.find((each) => each.driver === driver)?.release;
      const presentRuns = present !== undefined && (await this.#state(present, call.signal)).phase === 'running';
      if (presentRuns && present.applied === applied && all.length === 1) return;
      for (const { driver: other, release } of all.filter((each) => each.driver !== driver)) {
        await other.remove({ application, component: name, purge: false, present: release }, call);
      }
      const request: ApplyRequest = {
        ...{ application, component, applied, namespace, presentRuns },
        ...(present && { present }),
      };
      await this.#bring(driver, request, call);
    });
  }

  async remove(
    application: { readonly id: string; readonly name: string },
    name: string,
    purge: boolean,
    asked: ApplyCall,
  ): Promise<void> {
    await this.#alone(application.id, name, asked, async (call) => {
      const all = await this.#of(application.id, name, call.signal);
      for (const driver of this.#drivers) {
        const present = all.find((each) => each.driver === driver)?.release;
        await driver.remove({ application, component: name, purge, ...(present && { present }) }, call);
      }
    });
  }

  async preview(application: DesiredApplication, name: string, signal: AbortSignal): Promise<readonly string[]> {
    const { driver, component, namespace } = this.#chosen(application, name);
    const { repository, revision } = component;
    const all = await this.#of(application.id, name, signal);
    const present = all.find((each) => each.driver === driver)?.release;
    if (present === undefined) return [`install ${name} of ${repository} ${revision} into namespace ${namespace}`];
    if (present.applied !== componentDigest(component, driver.type.changes)) {
      return [`update ${name} from ${present.revision ?? 'what is half installed'} to ${revision}`];
    }
    const { phase, reason } = await this.#state(present, signal);
    return phase === 'running' ? [] : [`bring ${name} up again: ${reason ?? `it is ${phase}`}`];
  }

  async *watch(signal: AbortSignal): AsyncGenerator<string> {
    const end = new LinkedAbortController(signal, this.#stopped.signal);
    const listener = this.#feed.listen();
    try {
      // What happened before is told by nobody.
      listener.tell(await this.#feed.all(end.signal).catch(() => []));
      while (!end.signal.aborted) yield* await listener.next(end.signal);
    } catch (error) {
      if (!end.signal.aborted) throw error;
    } finally {
      listener.close();
      end.unlink();
    }
  }

  async logs(applicationId: string, component: string, lines: number): Promise<readonly string[]> {
    const found = (await this.#of(applicationId, component)).map(({ release }) => release);
    const workloads = await this.#workloads(found);
    return workloadLogs(
      this.#cluster,
      found.flatMap((release) => workloadsOf(release, workloads)),
      lines,
    );
  }

  async #bring(driver: Driver, request: ApplyRequest, call: ApplyCall): Promise<void> {
    const { clock, config } = this.options;
    const { application, component } = request;
    const listener = this.#feed.listen(application.id);
    const late = async (): Promise<TargetFault> => this.#late(driver, request, call.signal);
    const time = { clock, milliseconds: component.timeout, signal: call.signal, late };
    try {
      const work = (signal: AbortSignal): Promise<void> => driver.apply(request, { ...call, signal });
      await (driver.keepsTime === true ? work(call.signal) : withDeadline(time, work));
      if (!component.wait) return;
      await withDeadline(time, (signal) =>
        untilRuns({
          ...{ name: component.name, clock, settle: config.settle, call: { ...call, signal } },
          listener,
          look: () => this.#lookAt(driver, request, signal),
        }),
      );
    } catch (error) {
      call.signal.throwIfAborted();
      const stays = !(error instanceof TargetFault) || !['timeout', 'unhealthy', 'start'].includes(error.code);
      if (stays || driver.goBack === undefined) throw error;
      const back = await driver.goBack(request, call);
      if (back === undefined) throw error;
      throw new TargetFault(error.code, `${error.message}\nrevision ${back} was brought back`, true, { cause: error });
    } finally {
      listener.close();
    }
  }

  /** The component as it is now, with a reason that tells all there is to tell. */
  async #lookAt(
    driver: Driver,
    { application, component }: ApplyRequest,
    signal: AbortSignal,
  ): Promise<ComponentState> {
    const all = await this.#of(application.id, component.name, signal);
    const release = all.find((each) => each.driver === driver)?.release;
    if (release === undefined) return { phase: 'absent', reason: 'it is gone', final: false, probed: true };
    const state = await this.#state(release, signal);
    const reason = await explanation(this.#cluster, state, signal);
    return { ...state, ...(reason !== undefined && { reason }) };
  }

  async #late(driver: Driver, request: ApplyRequest, signal: AbortSignal): Promise<TargetFault> {
    const { component } = request;
    const state = await this.#lookAt(driver, request, signal);
    const why = state.reason === undefined ? '' : `: ${state.reason}`;
    const code = state.unhealthy === true ? 'unhealthy' : 'timeout';
    return new TargetFault(code, `${component.name} does not run after ${component.timeout / 1000} s${why}`, true);
  }

  async #told(release: Release, workloads: readonly Workload[]): Promise<ActualComponent> {
    const state = componentState(release, workloadsOf(release, workloads));
    const reason = await explanation(this.#cluster, state);
    return {
      name: release.component,
      phase: state.phase,
      ...(release.applied !== undefined && { applied: release.applied }),
      ...(reason !== undefined && { reason }),
    };
  }

  async #state(release: Release, signal: AbortSignal): Promise<ComponentState> {
    const workloads = await this.#workloads([release], signal);
    return componentState(release, workloadsOf(release, workloads));
  }

  async #releases(signal: AbortSignal = this.#stopped.signal): Promise<readonly Found[]> {
    const all = await Promise.all(
      this.#drivers.map(async (driver) => (await driver.releases(signal)).map((release) => ({ driver, release }))),
    );
    return all.flat();
  }

  async #of(applicationId: string, component: string, signal?: AbortSignal): Promise<readonly Found[]> {
    const all = await this.#releases(signal);
    return all.filter(({ release }) => release.application.id === applicationId && release.component === component);
  }

  /** Of all namespaces that something of these releases is in. */
  async #workloads(releases: readonly Release[], signal?: AbortSignal): Promise<readonly Workload[]> {
    const namespaces = new Set(
      releases.flatMap(({ namespace, expected = [] }) => [
        namespace,
        ...expected.map((key) => key.namespace ?? namespace),
      ]),
    );
    const all = await Promise.all([...namespaces].map((each) => workloadsIn(this.#cluster, each, signal)));
    return all.flat();
  }

  #chosen(
    application: DesiredApplication,
    name: string,
  ): { driver: Driver; component: DesiredComponent; namespace: string } {
    const { deploymentType } = application;
    const driver = this.#drivers.find(({ type }) => type.deploymentType === deploymentType);
    if (driver === undefined) {
      const types = this.#drivers.map(({ type }) => type.deploymentType).join(' and ');
      throw new TargetFault('unsupported', `deployment type ${deploymentType} is not ${types}`, false);
    }
    const component = application.components.find((candidate) => candidate.name === name);
    if (component === undefined)
      throw new TargetFault('invalid', `${application.name} has no component ${name}`, false);
    const faults = componentFaults(component, driver.type);
    if (faults.length > 0) throw new TargetFault('invalid', `${name}: ${faults.join('; ')}`, false);
    return { driver, component, namespace: this.#namespaces.of(application.namespace) };
  }

  /**
   * Works on a component after everything that was asked for it before. Nothing but faults and the caller's own abort
   * leaves.
   *
   * @param work gets the call with a signal that aborts with the target's end too
   */
  async #alone(id: string, name: string, call: ApplyCall, work: (call: ApplyCall) => Promise<void>): Promise<void> {
    const end = new LinkedAbortController(call.signal, this.#stopped.signal);
    const { signal } = end;
    try {
      signal.throwIfAborted();
      await this.#turns.take(releaseKey(this.options.config.owner, id, name), () => work({ ...call, signal }), signal);
    } catch (error) {
      signal.throwIfAborted();
      if (error instanceof TargetFault) throw error;
      const message = error instanceof Error ? error.message : String(error);
      throw new TargetFault('platform', message, true, { cause: error });
    } finally {
      end.unlink();
    }
  }
}
