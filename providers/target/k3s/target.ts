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
import { logins } from '../../shared/logins/index.js';
import { Access } from './access.js';
import { Cluster } from './cluster.js';
import { workloadsOf } from './component-status.js';
import type { K3sConfig } from './config.js';
import { k3sDeclaration } from './declaration.js';
import type { ApplyRequest, Driver, DriverContext, Release } from './driver.js';
import { drivers } from './drivers.js';
import { Feed } from './feed.js';
import { workloadLogs } from './logs.js';
import { releaseKey } from './marks.js';
import { Namespaces } from './namespaces.js';
import { PullSecretRenewal } from './pull-secret-renewal.js';
import { Releases } from './releases.js';
import { Rollout } from './rollout.js';

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

/** Components on a Kubernetes cluster, which is the only memory: nothing is kept here that an answer is made of. */
export class K3sTarget implements TargetProvider, Lifecycle {
  readonly #cluster: Cluster;
  readonly #namespaces: Namespaces;
  readonly #drivers: readonly Driver[];
  readonly #releases: Releases;
  readonly #feed: Feed;
  readonly #renewal: PullSecretRenewal | undefined;
  readonly #rollout: Rollout;
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
    this.#releases = new Releases(this.#cluster, this.#drivers);
    const watched = this.#drivers.flatMap((driver) => driver.watched);
    const releases = async (signal: AbortSignal): Promise<Release[]> =>
      (await this.#releases.all(signal)).map(({ release }) => release);
    const alone = (release: string, work: () => Promise<void>, signal: AbortSignal): Promise<void> =>
      this.#turns.take(release, work, signal);
    this.#renewal = handed && new PullSecretRenewal({ ...context, owner: config.owner, handed, alone });
    this.#feed = new Feed({ cluster: this.#cluster, clock, log, watched, releases });
    this.#rollout = new Rollout({ releases: this.#releases, feed: this.#feed, clock, log, settle: config.settle });
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

  async explain(signal: AbortSignal): Promise<string> {
    const ways = await Promise.all(this.#drivers.map((driver) => driver.findWay?.(signal)));
    return ways.filter((way) => way !== undefined).join('\n') || 'It has no way to choose.';
  }

  async describe(): Promise<TargetCapabilities> {
    const facts = await this.#feed.facts();
    const deploymentTypes = this.#drivers.map(({ type }) => type.deploymentType);
    const { parallel } = this.options.config;
    return capabilitiesOf(k3sDeclaration, { runtimes: ['oci'], facts, parallel, deploymentTypes });
  }

  async actual(): Promise<readonly ActualApplication[]> {
    const { signal } = this.#stopped;
    const releases = (await this.#releases.all(signal)).map(({ release }) => release);
    const workloads = await this.#releases.workloads(releases, signal);
    const told = await Promise.all(releases.map((release) => this.#releases.explained(release, signal, workloads)));
    const applications = new Map<string, { id: string; name: string; components: ActualComponent[] }>();
    for (const [at, { application, component: name, applied }] of releases.entries()) {
      const known = applications.get(application.id) ?? { ...application, components: [] };
      const { phase = 'absent', reason } = told[at] ?? {};
      known.components.push({
        name,
        phase,
        ...(applied !== undefined && { applied }),
        ...(reason !== undefined && { reason }),
      });
      applications.set(application.id, known);
    }
    return [...applications.values()];
  }

  async apply(application: DesiredApplication, name: string, asked: ApplyCall): Promise<void> {
    const { driver, component, namespace } = this.#chosen(application, name);
    const applied = componentDigest(component, driver.type.changes);
    await this.#alone(application.id, name, asked, async (call) => {
      const all = await this.#releases.of(application.id, name, call.signal);
      const present = all.find((each) => each.driver === driver)?.release;
      const others = all.filter((each) => each.driver !== driver);
      if (present !== undefined && present.namespace !== namespace) throw cannotMove(present, namespace);
      const presentRuns =
        present !== undefined && (await this.#releases.state(present, call.signal)).phase === 'running';
      const request: ApplyRequest = {
        ...{ application, component, applied, namespace, presentRuns },
        ...(present && { present }),
      };
      if (presentRuns && present.applied === applied && others.length === 0) {
        // Whoever was killed when it came to run has not noted it.
        return this.#rollout.noteRuns(driver, request, call);
      }
      if (others.length > 0) await driver.ensureAvailable(request, call);
      for (const { driver: other, release } of others) {
        await other.remove({ application, component: name, purge: false, present: release }, call);
      }
      await this.#rollout.bring(driver, request, call);
    });
  }

  async remove(
    application: { readonly id: string; readonly name: string },
    name: string,
    purge: boolean,
    asked: ApplyCall,
  ): Promise<void> {
    await this.#alone(application.id, name, asked, async (call) => {
      const all = await this.#releases.of(application.id, name, call.signal);
      for (const driver of this.#drivers) {
        const present = all.find((each) => each.driver === driver)?.release;
        await driver.remove({ application, component: name, purge, ...(present && { present }) }, call);
      }
    });
  }

  async preview(application: DesiredApplication, name: string, signal: AbortSignal): Promise<readonly string[]> {
    const { driver, component, namespace } = this.#chosen(application, name);
    const { repository, revision } = component;
    const all = await this.#releases.of(application.id, name, signal);
    const present = all.find((each) => each.driver === driver)?.release;
    if (present !== undefined && present.namespace !== namespace) throw cannotMove(present, namespace);
    if (present === undefined) return [`install ${name} of ${repository} ${revision} into namespace ${namespace}`];
    if (present.applied !== componentDigest(component, driver.type.changes)) {
      return [`update ${name} from ${present.revision ?? 'what is half installed'} to ${revision}`];
    }
    const { phase, reason } = await this.#releases.state(present, signal);
    return phase === 'running' ? [] : [`bring ${name} up again: ${reason ?? `it is ${phase}`}`];
  }

  async *watch(signal: AbortSignal): AsyncGenerator<string> {
    const end = new LinkedAbortController(signal, this.#stopped.signal);
    const listener = this.#feed.listen();
    try {
      // What happened before is told by nobody else.
      this.#feed.tellAll();
      while (!end.signal.aborted) yield* await listener.next(end.signal);
    } catch (error) {
      if (!end.signal.aborted) throw error;
    } finally {
      listener.close();
      end.unlink();
    }
  }

  async logs(applicationId: string, component: string, lines: number): Promise<readonly string[]> {
    const { signal } = this.#stopped;
    const found = (await this.#releases.of(applicationId, component, signal)).map(({ release }) => release);
    const workloads = await this.#releases.workloads(found, signal);
    return workloadLogs(
      this.#cluster,
      found.flatMap((release) => workloadsOf(release, workloads)),
      lines,
    );
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

function cannotMove({ component, namespace: from }: Release, to: string): TargetFault {
  const what = `${component} is in namespace ${from}, and cannot move to ${to}; remove it first`;
  return new TargetFault('invalid', what, false);
}
