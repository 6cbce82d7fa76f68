import { mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import {
  type ActualApplication,
  type ActualComponent,
  type ApplyCall,
  type ArtifactRegistry,
  type Clock,
  componentDigest,
  type DesiredApplication,
  type DesiredComponent,
  type Health,
  type Lifecycle,
  type Logger,
  type TargetCapabilities,
  TargetFault,
  type TargetProvider,
} from '../../../core/plugin/index.js';
import { componentFiles } from './component-files.js';
import { ComposeCli } from './compose-cli.js';
import { forgetOthers, prepare } from './compose-project.js';
import type { DockerConfig } from './config.js';
import { logins } from './credentials.js';
import { Engine, engineAddress } from './engine.js';
import { applicationChanges } from './events.js';
import { targetFacts } from './facts.js';
import { pullMissing } from './images.js';
import { containerLogs } from './logs.js';
import { labels, projectName } from './project.js';
import { watchedStart } from './start-watch.js';
import { type ContainerState, componentStatus } from './status.js';

export interface DockerTargetOptions {
  readonly config: DockerConfig;
  readonly registry: ArtifactRegistry;
  readonly clock: Clock;
  readonly log: Logger;
  /** A folder of our own. */
  readonly directory: string;
  readonly resolvePath: (path: string) => string;
}

/** Every property and parameter changes the containers. */
const changes: TargetCapabilities['changes'] = { properties: ['*'], parameters: ['*'] };

/** Compose components on a Docker engine; the engine's labels are the only memory. */
export class DockerTarget implements TargetProvider, Lifecycle {
  readonly #engine: Engine;
  readonly #compose: ComposeCli;
  #monitor: { readonly controller: AbortController; readonly done: Promise<void> } | undefined;

  constructor(private readonly options: DockerTargetOptions) {
    const { config, directory, resolvePath } = options;
    const socket = config.socket === undefined ? undefined : resolvePath(config.socket);
    const address = engineAddress(socket, process.env['DOCKER_HOST']);
    this.#engine = new Engine(address, config.owner);
    this.#compose = new ComposeCli({ program: config.compose, address, scratch: directory });
  }

  async start(): Promise<void> {
    await mkdir(this.options.directory, { recursive: true, mode: 0o700 });
    const controller = new AbortController();
    this.#monitor = { controller, done: this.#watchEngine(controller.signal) };
  }

  async stop(): Promise<void> {
    this.#monitor?.controller.abort();
    await this.#monitor?.done;
  }

  health(): Health {
    return this.#engine.health();
  }

  async describe(): Promise<TargetCapabilities> {
    return {
      deploymentTypes: ['compose'],
      runtimes: ['oci'],
      facts: await targetFacts(this.#engine),
      changes,
      parallel: this.options.config.parallel,
    };
  }

  async actual(): Promise<readonly ActualApplication[]> {
    const applications = grouped(await this.#engine.containers(), labels.application);
    return [...applications].map(([id, containers]) => ({
      id,
      name: containers[0]?.labels[labels.applicationName] ?? id,
      components: [...grouped(containers, labels.component)].map(([name, own]) => componentStatus(name, own)),
    }));
  }

  async apply(application: DesiredApplication, name: string, call: ApplyCall): Promise<void> {
    const component = chosen(application, name);
    const project = projectName(application.id, name);
    const applied = componentDigest(component, changes);
    await this.#guarded(call.signal, async () => {
      const before = await this.#actual(project, name);
      if (before.phase === 'running' && before.applied === applied) return;
      const { config, registry, clock } = this.options;
      const home = join(this.options.directory, project);
      const directory = await componentFiles(registry, component, home, config.archiveBytes, call);
      const known = await logins(config.registries, this.options.resolvePath);
      const preparation = { compose: this.#compose, config, logins: known, project, home, signal: call.signal };
      const prepared = await prepare(application, component, applied, directory, preparation);
      await Promise.all(prepared.images.map((image) => pullMissing(this.#engine, image, known, call)));

      call.progress(`starting ${name}`);
      const up = [...prepared.options, 'up', '--detach', '--remove-orphans', '--quiet-pull'];
      const start = { project, applied, owner: config.owner, wait: component.wait };
      await this.#timed(component, project, call.signal, (signal) =>
        watchedStart(this.#engine, start, clock, signal, (during) =>
          this.#compose.run(up, { signal: during, logins: known, directory }),
        ),
      );
      await forgetOthers(home, directory);
    });
  }

  async remove(
    application: { readonly id: string; readonly name: string },
    name: string,
    purge: boolean,
    call: ApplyCall,
  ): Promise<void> {
    const project = projectName(application.id, name);
    await this.#guarded(call.signal, async () => {
      call.progress(`stopping ${name}`);
      const down = ['-p', project, 'down', '--remove-orphans', ...(purge ? ['--volumes'] : [])];
      await this.#compose.run(down, { signal: call.signal });
      const left = await this.#engine.containers({ project });
      if (left.length > 0)
        throw new TargetFault('platform', `${left.length} containers of ${name} are still there`, true);
      if (purge) await this.#removeVolumes(project);
      await rm(join(this.options.directory, project), { recursive: true, force: true });
    });
  }

  watch(signal: AbortSignal): AsyncIterable<string> {
    const { config, clock } = this.options;
    // The monitor tells of the engine's coming and going; once is enough.
    return applicationChanges(this.#engine, config.owner, clock, signal, () => undefined);
  }

  async logs(applicationId: string, component: string, lines: number): Promise<readonly string[]> {
    const containers = await this.#engine.containers({ project: projectName(applicationId, component) });
    return containerLogs(this.#engine, containers, lines);
  }

  async #actual(project: string, name: string): Promise<ActualComponent> {
    return componentStatus(name, await this.#engine.containers({ project }));
  }

  /** Volumes that an earlier removal kept are found by their label alone. */
  async #removeVolumes(project: string): Promise<void> {
    await this.#engine.call(async (client) => {
      const filters = { label: [`com.docker.compose.project=${project}`] };
      const { Volumes } = await client.listVolumes({ filters: JSON.stringify(filters) });
      await Promise.all(Volumes.map(({ Name }) => client.getVolume(Name).remove()));
    });
  }

  /** The component's time limit, which begins when everything is pulled. */
  async #timed(
    component: DesiredComponent,
    project: string,
    signal: AbortSignal,
    work: (signal: AbortSignal) => Promise<void>,
  ): Promise<void> {
    const limit = new AbortController();
    const finished = new AbortController();
    const timer = this.options.clock.delay(component.timeout, AbortSignal.any([signal, finished.signal])).then(
      () => limit.abort(),
      () => undefined,
    ); // Not needed any more: the work ended first.
    try {
      await work(AbortSignal.any([signal, limit.signal]));
    } catch (error) {
      if (signal.aborted || !limit.signal.aborted) throw error;
      const { reason } = await this.#actual(project, component.name);
      const why = reason === undefined ? '' : `: ${reason}`;
      const text = `${component.name} does not run after ${component.timeout / 1000} s${why}`;
      throw new TargetFault('timeout', text, true, { cause: error });
    } finally {
      finished.abort();
      await timer;
    }
  }

  /** Nothing but faults and the caller's own abort leaves. */
  async #guarded(signal: AbortSignal, work: () => Promise<void>): Promise<void> {
    try {
      signal.throwIfAborted();
      await work();
    } catch (error) {
      signal.throwIfAborted();
      if (error instanceof TargetFault) throw error;
      const message = error instanceof Error ? error.message : String(error);
      throw new TargetFault('platform', message, true, { cause: error });
    }
  }

  /** Keeps the health true when nobody asks the engine anything, and says when it changes. */
  async #watchEngine(signal: AbortSignal): Promise<void> {
    const { config, clock, log } = this.options;
    let away = false;
    const report = (fault: string | undefined): void => {
      if (fault !== undefined && !away) log.warn(fault);
      if (fault === undefined && away) log.info('the Docker engine answers again');
      away = fault !== undefined;
    };
    try {
      for await (const id of applicationChanges(this.#engine, config.owner, clock, signal, report)) {
        log.debug('an application may have changed', { application: id });
      }
    } catch (error) {
      log.error('the watch on the Docker engine ended', { error });
    }
  }
}

function chosen(application: DesiredApplication, name: string): DesiredComponent {
  if (application.deploymentType !== 'compose') {
    throw new TargetFault('unsupported', `deployment type ${application.deploymentType} is not compose`, false);
  }
  const component = application.components.find((candidate) => candidate.name === name);
  if (component === undefined) throw new TargetFault('invalid', `${application.name} has no component ${name}`, false);
  return component;
}

function grouped(containers: readonly ContainerState[], label: string): Map<string, ContainerState[]> {
  const groups = new Map<string, ContainerState[]>();
  for (const container of containers) {
    const key = container.labels[label] ?? '';
    groups.set(key, [...(groups.get(key) ?? []), container]);
  }
  return groups;
}
