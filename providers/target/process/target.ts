import { createHash } from 'node:crypto';
import { EventEmitter, on } from 'node:events';
import { mkdir } from 'node:fs/promises';
import path from 'node:path';
import type { Context, Lifecycle, Uses } from '../../../core/plugin/index.js';
import {
  type ActualApplication,
  type ApplyCall,
  type ArtifactRegistry,
  capabilitiesOf,
  type DesiredApplication,
  type DesiredComponent,
  type TargetCapabilities,
  TargetFault,
  type TargetProvider,
} from '../../../core/ports/index.js';
import { type Account, accountOf } from './account.js';
import { ProcessComponent } from './component.js';
import type { ProcessConfig } from './config.js';
import { processComponent, processDeclaration } from './declaration.js';
import { factsOf } from './facts.js';
import { LogFiles } from './logs.js';
import { checkWay, openWay } from './ownership.js';
import { ProcessTable } from './process-table.js';
import { ComponentFiles, componentFolders, folderName, RecordFault } from './store.js';
import { terminate } from './termination.js';

const stopped = 'stopped';

type Parts = Pick<Context<ProcessConfig, Uses>, 'config' | 'log' | 'clock' | 'dataDir'> & {
  readonly registry: ArtifactRegistry;
};

/**
 * Runs components as processes of this machine.
 *
 * A workload ends with everything that it started: what carries its variables, and what stays in its session. A process
 * that leaves the session and clears its environment as well (`setsid env -i …`) cannot be told from others, and runs on.
 */
export class ProcessTarget implements TargetProvider, Lifecycle {
  readonly #root: string;
  readonly #table = new ProcessTable();
  /** By folder. */
  readonly #components = new Map<string, ProcessComponent>();
  readonly #changes = new EventEmitter().setMaxListeners(0);
  readonly #lifetime = new AbortController();
  #boot: string | undefined;
  #account: Account | undefined;

  constructor(private readonly parts: Parts) {
    this.#root = path.join(parts.dataDir, 'process');
  }

  /** Takes over all that earlier agents started, and starts again what does not run, without any registry. */
  async start(): Promise<void> {
    if (process.platform !== 'linux') {
      throw new Error(`target.process reads /proc and so runs on Linux only; this machine runs ${process.platform}`);
    }
    const { config, dataDir, log } = this.parts;
    this.#account = await accountOf(config);
    await mkdir(this.#root, { recursive: true, mode: 0o700 });
    if (this.#account) {
      await checkWay(dataDir, this.#account);
      for (const folder of [dataDir, this.#root]) await openWay(folder);
    } else if (process.getuid?.() === 0) {
      log.warn('workloads run as root and can read the keys of this agent; name a `user` for them in the profile');
    }
    this.#boot = await this.#table.boot();
    await Promise.all((await componentFolders(this.#root)).map((folder) => this.#resume(folder)));
  }

  /** Lets go of the workloads; they run on. */
  async stop(): Promise<void> {
    this.#lifetime.abort(new Error('the agent stops'));
    this.#changes.emit(stopped);
    await Promise.all([...this.#components.values()].map((component) => component.release()));
  }

  async describe(): Promise<TargetCapabilities> {
    const { config, dataDir } = this.parts;
    const facts = await factsOf(dataDir);
    return capabilitiesOf(processDeclaration, { runtimes: ['custom'], facts, parallel: config.parallel });
  }

  async actual(): Promise<readonly ActualApplication[]> {
    const applications = new Map<
      string,
      ActualApplication & { components: ActualApplication['components'][number][] }
    >();
    for (const component of this.#components.values()) {
      const { application } = component;
      const actual = component.actual();
      if (!application || !actual) continue;
      const known = applications.get(application.id) ?? { ...application, components: [] };
      known.components.push(actual);
      applications.set(application.id, known);
    }
    return [...applications.values()];
  }

  async preview(application: DesiredApplication, name: string, signal: AbortSignal): Promise<readonly string[]> {
    signal.throwIfAborted();
    const component = chosen(application, name);
    const folder = this.#folder(application.id, name);
    return (this.#components.get(folder) ?? this.#make(folder)).preview(component);
  }

  async apply(application: DesiredApplication, name: string, call: ApplyCall): Promise<void> {
    const component = chosen(application, name);
    await this.#faultsOnly(call, () => this.#component(application.id, name).apply(application, component, call));
  }

  async remove(application: { readonly id: string }, name: string, purge: boolean, call: ApplyCall): Promise<void> {
    const component = this.#component(application.id, name);
    await this.#faultsOnly(call, () => component.remove(purge, call));
    if (component.isForgettable) this.#components.delete(this.#folder(application.id, name));
  }

  watch(signal: AbortSignal): AsyncIterable<string> {
    if (signal.aborted || this.#lifetime.signal.aborted) return nothing();
    return idsOf(on(this.#changes, 'change', { signal, close: [stopped] }), signal);
  }

  async logs(applicationId: string, component: string, lines: number): Promise<readonly string[]> {
    const files = new ComponentFiles(this.#folder(applicationId, component));
    return this.#logs(files).tail(lines);
  }

  async #resume(folder: string): Promise<void> {
    const component = this.#make(folder);
    this.#components.set(folder, component);
    try {
      await component.resume();
    } catch (error) {
      this.parts.log.error('a component cannot be taken over', { folder, error });
      if (error instanceof RecordFault) await this.#abandon(folder);
    }
    if (component.isForgettable) this.#components.delete(folder);
  }

  /** Without its record nothing can be known of a component but which processes are its; a later apply makes it anew. */
  async #abandon(folder: string): Promise<void> {
    const how = {
      prefix: `${ownerOf(folder)}.`,
      leader: undefined,
      stop: { signal: 'SIGTERM', grace: 10_000 },
    } as const;
    await terminate(how, this.#table, this.parts.clock, this.#lifetime.signal);
    await new ComponentFiles(folder).setRecordAside();
  }

  #component(applicationId: string, name: string): ProcessComponent {
    const folder = this.#folder(applicationId, name);
    const known = this.#components.get(folder);
    if (known) return known;
    const component = this.#make(folder);
    this.#components.set(folder, component);
    return component;
  }

  #make(folder: string): ProcessComponent {
    if (this.#boot === undefined) throw new TargetFault('platform', 'the target has not started', true);
    const { config, log, clock, registry } = this.parts;
    const files = new ComponentFiles(folder);
    return new ProcessComponent(
      {
        files,
        logs: this.#logs(files),
        table: this.#table,
        clock,
        log,
        boot: this.#boot,
        owner: ownerOf(folder),
        otlpEndpoint: config.otlpEndpoint,
        account: this.#account,
        settle: config.settle,
        lifetime: this.#lifetime.signal,
      },
      { registry, limits: config.limits },
      (applicationId) => this.#changes.emit('change', applicationId),
    );
  }

  #logs(files: ComponentFiles): LogFiles {
    return new LogFiles(files.logs, this.parts.config.logs);
  }

  #folder(applicationId: string, component: string): string {
    return path.join(this.#root, folderName(applicationId), folderName(component));
  }

  async #faultsOnly(call: ApplyCall, work: () => Promise<void>): Promise<void> {
    try {
      await work();
    } catch (error) {
      call.signal.throwIfAborted();
      if (error instanceof TargetFault) throw error;
      const message = error instanceof Error ? error.message : String(error);
      throw new TargetFault('platform', message, true, { cause: error });
    }
  }
}

function chosen(application: DesiredApplication, name: string): DesiredComponent {
  const component = application.components.find((candidate) => candidate.name === name);
  if (!component) throw new TargetFault('invalid', `${application.id} has no component ${name}`, false);
  const { deploymentType } = processComponent;
  if (application.deploymentType === deploymentType) return component;
  const message = `deployments of type ${application.deploymentType} do not run as processes, only ${deploymentType}`;
  throw new TargetFault('unsupported', message, false);
}

const ownerOf = (folder: string): string => createHash('sha256').update(folder).digest('hex').slice(0, 32);

async function* nothing(): AsyncGenerator<never> {
  // A watch that nobody waits for any more.
}

async function* idsOf(events: AsyncIterable<unknown[]>, signal: AbortSignal): AsyncGenerator<string> {
  try {
    for await (const [id] of events) if (typeof id === 'string') yield id;
  } catch (error) {
    // The iteration of an emitter ends by throwing; a watch just ends.
    if (!signal.aborted) throw error;
  }
}
