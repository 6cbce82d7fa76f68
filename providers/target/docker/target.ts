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
  type PullCredentials,
  type TargetCapabilities,
  TargetFault,
  type TargetProvider,
} from '../../../core/plugin/index.js';
import { LinkedAbortController, Turns } from '../../../core/work/index.js';
import { logins } from '../../shared/logins/index.js';
import { endOrphan } from '../../shared/program/index.js';
import { ComposeCli } from './compose-cli.js';
import type { DockerConfig } from './config.js';
import { sweepDockerConfigs } from './credentials.js';
import { composeComponent, dockerDeclaration } from './declaration.js';
import { Engine } from './engine.js';
import { enginePlace } from './engine-place.js';
import { applicationChanges } from './events.js';
import { targetFacts } from './facts.js';
import { containerLogs } from './logs.js';
import { monitorEngine } from './monitor.js';
import { labels, projectName } from './project.js';
import { folderStatus, ProjectFolders } from './project-folders.js';
import { PulledImages } from './pulled-images.js';
import { Refusals } from './refusals.js';
import type { Revision } from './revision.js';
import { preparedRevision } from './revision-preparation.js';
import { type Rollout, startInPlace } from './rollout.js';
import { type ContainerState, componentStatus } from './status.js';
import { update } from './update.js';

export interface DockerTargetOptions {
  readonly config: DockerConfig;
  readonly registry: ArtifactRegistry;
  /** Where somebody hands this device what it pulls with. */
  readonly handed?: PullCredentials | undefined;
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
  readonly #images: PulledImages;
  readonly #refusals: Refusals;
  readonly #turns = new Turns();
  readonly #stopped = new AbortController();
  #monitor: { readonly controller: AbortController; readonly done: Promise<void> } | undefined;

  constructor(private readonly options: DockerTargetOptions) {
    const { config, clock, directory, log, resolvePath } = options;
    const { owner, timeout } = config;
    const place = enginePlace(config, resolvePath, process.env);
    this.#engine = new Engine({ place, owner, timeout, clock });
    this.#compose = new ComposeCli({ program: config.compose, place, scratch: directory });
    this.#folders = new ProjectFolders(directory, log);
    this.#images = new PulledImages({
      engine: this.#engine,
      folders: this.#folders,
      directory,
      log,
      prune: config.prune,
    });
    this.#refusals = new Refusals(clock, config.retryUpdate);
  }

  async start(): Promise<void> {
    await mkdir(this.options.directory, { recursive: true, mode: 0o700 });
    await sweepDockerConfigs(this.options.directory);
    await this.#folders.sweep(this.#stopped.signal);
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
      if (before.phase === 'running' && before.applied === applied) return this.#adopt(project, applied);
      const { config, registry, clock, log } = this.options;
      const good = await this.#lastGood(project, applied);
      const known = await logins({ ...this.options, registries: config.registries }, call.signal);
      const on: Rollout = {
        ...{ engine: this.#engine, compose: this.#compose, clock, logins: known, project, name },
        ...{ owner: config.owner, settle: config.settle, wait: component.wait, timeout: component.timeout },
        ...{ note: this.#folders.processNote(project), signal: call.signal },
      };
      const refused = this.#refusals.of(project, applied);
      if (refused !== undefined && good !== undefined) {
        if (before.phase !== 'running' || before.applied !== good.applied) await startInPlace(good, on);
        throw refused;
      }
      await this.#folders.begin(project, { id: application.id, name: application.name }, name);
      await this.#images.using(async (pulled) => {
        const revisions = this.#folders.revisions(project);
        const prepared = await preparedRevision(application, component, applied, {
          ...{ engine: this.#engine, compose: this.#compose, registry, config, logins: known, call },
          ...{ project, home: this.#folders.of(project), revisions, pulled },
        });
        await revisions.keep(good === undefined ? [prepared.next] : [good, prepared.next]);
        call.progress(`starting ${name}`);
        await this.#refusals.noting(project, applied, () => update({ ...prepared, good }, on, log));
        await this.#folders.applied(project, applied);
        await revisions.keep([prepared.next]);
      });
      await this.#images.prune();
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
      this.#refusals.forget(project);
      await this.#images.prune();
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

  /** What can be gone back to from a revision that does not come up. */
  async #lastGood(project: string, applied: string): Promise<Revision | undefined> {
    const last = await this.#folders.lastGood(project);
    return last === undefined || last === applied ? undefined : this.#folders.revisions(project).read(last);
  }

  /** Makes what runs the last good one: an agent that was killed may have started it and not come to say so. */
  async #adopt(project: string, applied: string): Promise<void> {
    if ((await this.#folders.lastGood(project)) === applied) return;
    const revisions = this.#folders.revisions(project);
    const running = await revisions.read(applied);
    // What cannot be started again is nothing to go back to: then the one before stays that.
    if (running === undefined) return;
    await this.#folders.applied(project, applied);
    await revisions.keep([running]);
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
          await endOrphan(this.#folders.processNote(project), project, signal);
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
