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
  type Logger,
  type TargetCapabilities,
  TargetFault,
  type TargetProvider,
} from '../../../core/plugin/index.js';
import { LinkedAbortController, Turns } from '../../../core/work/index.js';
import { componentFiles } from './component-files.js';
import { ComposeCli } from './compose-cli.js';
import { forgetOthers, prepare } from './compose-project.js';
import type { DockerConfig } from './config.js';
import { logins, sweepDockerConfigs } from './credentials.js';
import { withDeadline } from './deadline.js';
import { composeComponent, dockerDeclaration } from './declaration.js';
import { Engine, engineAddress } from './engine.js';
import { applicationChanges } from './events.js';
import { targetFacts } from './facts.js';
import { pullMissing } from './images.js';
import { endInterruptedReplacements } from './interrupted.js';
import { containerLogs } from './logs.js';
import { monitorEngine } from './monitor.js';
import { endOrphan } from './orphan.js';
import { labels, projectName } from './project.js';
import { folderStatus, ProjectFolders } from './project-folders.js';
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

/** Compose components on a Docker engine. Its labels are the memory, and folders of what has no container there. */
export class DockerTarget implements TargetProvider, Lifecycle {
  readonly #engine: Engine;
  readonly #compose: ComposeCli;
  readonly #folders: ProjectFolders;
  readonly #turns = new Turns();
  readonly #stopped = new AbortController();
  #monitor: { readonly controller: AbortController; readonly done: Promise<void> } | undefined;

  constructor(private readonly options: DockerTargetOptions) {
    const { config, directory, log, resolvePath } = options;
    const socket = config.socket === undefined ? undefined : resolvePath(config.socket);
    const address = engineAddress(socket, process.env['DOCKER_HOST']);
    this.#engine = new Engine(address, config.owner);
    this.#compose = new ComposeCli({ program: config.compose, address, scratch: directory });
    this.#folders = new ProjectFolders(directory, log);
  }

  async start(): Promise<void> {
    await mkdir(this.options.directory, { recursive: true, mode: 0o700 });
    await sweepDockerConfigs(this.options.directory);
    await this.#folders.sweep();
    const controller = new AbortController();
    const { config, clock, log } = this.options;
    this.#monitor = { controller, done: monitorEngine(this.#engine, config.owner, clock, log, controller.signal) };
  }

  async stop(): Promise<void> {
    this.#stopped.abort(new TargetFault('platform', 'the target has stopped', true));
    this.#monitor?.controller.abort();
    await Promise.all([this.#monitor?.done, this.#turns.idle()]);
  }

  health(): Health {
    return this.#engine.health();
  }

  async describe(): Promise<TargetCapabilities> {
    const { config, directory } = this.options;
    const facts = await targetFacts(this.#engine, directory);
    return capabilitiesOf(dockerDeclaration, { runtimes: ['oci'], facts, parallel: config.parallel });
  }

  async actual(): Promise<readonly ActualApplication[]> {
    const containers = await this.#engine.containers();
    // Read after the engine was asked: a removal that ends in between is seen as what it was, not as a folder alone.
    const folders = await this.#folders.list();
    const applications = new Map<string, { id: string; name: string; components: ActualComponent[] }>();
    for (const [id, all] of grouped(containers, labels.application)) {
      const name = all[0]?.labels[labels.applicationName] ?? id;
      const components = [...grouped(all, labels.component)].map(([of, own]) => componentStatus(of, own));
      applications.set(id, { id, name, components });
    }
    for (const folder of folders) {
      const { id } = folder.application;
      const known = applications.get(id) ?? { ...folder.application, components: [] };
      if (known.components.some(({ name }) => name === folder.component)) continue;
      known.components.push(folderStatus(folder));
      applications.set(id, known);
    }
    return [...applications.values()];
  }

  async apply(application: DesiredApplication, name: string, asked: ApplyCall): Promise<void> {
    const component = chosen(application, name);
    const project = projectName(application.id, name);
    const applied = componentDigest(component, composeComponent.changes);
    await this.#alone(project, asked, async (call) => {
      const before = await this.#actual(project, name);
      if (before.phase === 'running' && before.applied === applied) return;
      const { config, registry, clock } = this.options;
      const home = this.#folders.of(project);
      await this.#folders.begin(project, { id: application.id, name: application.name }, name);
      const directory = await componentFiles(registry, component, home, config.archiveBytes, call);
      const known = await logins(config.registries, this.options.resolvePath);
      const preparation = { compose: this.#compose, config, logins: known, project, home, signal: call.signal };
      const prepared = await prepare(application, component, applied, directory, preparation);
      await Promise.all(prepared.images.map((image) => pullMissing(this.#engine, image, known, call)));

      await endInterruptedReplacements(this.#engine, project);
      call.progress(`starting ${name}`);
      const up = [...prepared.options, 'up', '--detach', '--remove-orphans', '--quiet-pull'];
      const start = { project, applied, owner: config.owner, wait: component.wait, settle: config.settle };
      const late = async (): Promise<TargetFault> => {
        const { reason } = await this.#actual(project, name);
        const why = reason === undefined ? '' : `: ${reason}`;
        return new TargetFault('timeout', `${name} does not run after ${component.timeout / 1000} s${why}`, true);
      };
      await withDeadline({ clock, milliseconds: component.timeout, signal: call.signal, late }, (signal) =>
        watchedStart(this.#engine, start, clock, signal, (during) =>
          this.#compose.run(up, { signal: during, logins: known, directory, note: this.#folders.processNote(project) }),
        ),
      );
      await this.#folders.applied(project, applied);
      await forgetOthers(home, directory);
    });
  }

  async remove(
    application: { readonly id: string; readonly name: string },
    name: string,
    purge: boolean,
    asked: ApplyCall,
  ): Promise<void> {
    const project = projectName(application.id, name);
    await this.#alone(project, asked, async (call) => {
      call.progress(`stopping ${name}`);
      // Volumes are found by their label, those that an earlier removal kept as well.
      const down = ['-p', project, 'down', '--remove-orphans', ...(purge ? ['--volumes'] : [])];
      await this.#compose.run(down, { signal: call.signal, note: this.#folders.processNote(project) });
      const left = await this.#engine.containers({ project });
      if (left.length > 0)
        throw new TargetFault('platform', `${left.length} containers of ${name} are still there`, true);
      await this.#folders.delete(project);
    });
  }

  async *watch(signal: AbortSignal): AsyncGenerator<string> {
    const { config, clock } = this.options;
    const end = new LinkedAbortController(signal, this.#stopped.signal);
    try {
      // The monitor tells of the engine's coming and going; once is enough.
      yield* applicationChanges(this.#engine, config.owner, clock, end.signal, () => undefined);
    } finally {
      end.unlink();
    }
  }

  async logs(applicationId: string, component: string, lines: number): Promise<readonly string[]> {
    const containers = await this.#engine.containers({ project: projectName(applicationId, component) });
    return containerLogs(this.#engine, containers, lines);
  }

  async #actual(project: string, name: string): Promise<ActualComponent> {
    return componentStatus(name, await this.#engine.containers({ project }));
  }

  /**
   * Works on a project after everything that was asked for it before, by us or by an agent that was killed.
   * Nothing but faults and the caller's own abort leaves.
   *
   * @param work gets the call with a signal that aborts with the target's end too
   */
  async #alone(project: string, call: ApplyCall, work: (call: ApplyCall) => Promise<void>): Promise<void> {
    const end = new LinkedAbortController(call.signal, this.#stopped.signal);
    const { signal } = end;
    try {
      await this.#turns.take(
        project,
        async () => {
          await endOrphan(this.#folders.processNote(project), project);
          await work({ ...call, signal });
        },
        signal,
      );
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

function chosen(application: DesiredApplication, name: string): DesiredComponent {
  const { deploymentType } = composeComponent;
  if (application.deploymentType !== deploymentType) {
    throw new TargetFault(
      'unsupported',
      `deployment type ${application.deploymentType} is not ${deploymentType}`,
      false,
    );
  }
  const component = application.components.find((candidate) => candidate.name === name);
  if (component === undefined) throw new TargetFault('invalid', `${application.name} has no component ${name}`, false);
  const faults = componentFaults(component, composeComponent);
  if (faults.length > 0) throw new TargetFault('invalid', `${name}: ${faults.join('; ')}`, false);
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
