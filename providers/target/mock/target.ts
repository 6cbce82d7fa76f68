import { EventEmitter, on } from 'node:events';
import type { Clock, Lifecycle } from '../../../core/plugin/index.js';
import {
  type ActualApplication,
  type ActualComponent,
  type ApplyCall,
  capabilitiesOf,
  componentDigest,
  type DesiredApplication,
  type DesiredComponent,
  type TargetCapabilities,
  TargetFault,
  type TargetProvider,
} from '../../../core/ports/index.js';
import { LinkedAbortController, Turns } from '../../../core/work/index.js';
import type { MockConfig, Outcome } from './config.js';
import { changes, mockDeclaration } from './declaration.js';
import type { MockPlatform, Workload } from './platform.js';

const faults = ['artifact', 'start', 'timeout', 'unhealthy', 'platform'] as const;
const stopped = 'stopped';

/** Pretends to run workloads: keeps to the contract, takes as long and fails as often as it is told. */
export class MockTarget implements TargetProvider, Lifecycle {
  readonly #changes = new EventEmitter().setMaxListeners(0);
  readonly #turns = new Turns();
  readonly #stopped = new AbortController();
  readonly #installing = new Map<string, { readonly id: string; readonly name: string; readonly component: string }>();
  readonly #random: () => number;
  #applies = 0;

  constructor(
    private readonly config: MockConfig,
    private readonly clock: Clock,
    /** What the target pretends to work on: where tests look and crash things. */
    readonly machine: MockPlatform,
  ) {
    this.#random = generator(config.failures.seed);
  }

  async start(): Promise<void> {
    await this.machine.load();
  }

  async stop(): Promise<void> {
    this.#stopped.abort(new TargetFault('platform', 'the target has stopped', true));
    this.#changes.emit(stopped);
    await this.#turns.idle();
  }

  async describe(): Promise<TargetCapabilities> {
    return capabilitiesOf(mockDeclaration, {
      runtimes: ['oci', 'custom'],
      facts: { cpus: [{ cores: 4, architecture: 'amd64' }], memory: '8Gi', storage: '64Gi' },
      parallel: this.config.parallel,
      deploymentTypes: this.config.deploymentTypes,
    });
  }

  async actual(): Promise<readonly ActualApplication[]> {
    const applications = new Map<string, { id: string; name: string; components: ActualComponent[] }>();
    const add = (id: string, name: string, component: ActualComponent): void => {
      const known = applications.get(id) ?? { id, name, components: [] };
      known.components.push(component);
      applications.set(id, known);
    };
    for (const { application, component, phase, reason, applied } of this.machine.all()) {
      add(application.id, application.name, {
        name: component,
        phase,
        applied,
        ...(reason !== undefined && { reason }),
      });
    }
    for (const { id, name, component } of this.#installing.values()) {
      if (!this.machine.get(id, component)) add(id, name, { name: component, phase: 'installing' });
    }
    return [...applications.values()];
  }

  async preview(application: DesiredApplication, name: string, signal: AbortSignal): Promise<readonly string[]> {
    signal.throwIfAborted();
    const desired = this.#chosen(application, name);
    const present = this.machine.get(application.id, name);
    if (present?.applied === componentDigest(desired, changes) && present.phase === 'running') return [];
    return [`pretend to install ${desired.repository} ${desired.revision}`];
  }

  async apply(application: DesiredApplication, name: string, call: ApplyCall): Promise<void> {
    const desired = this.#chosen(application, name);
    const { id } = application;
    await this.#inTurn(id, name, call, async (signal) => {
      const applied = componentDigest(desired, changes);
      const present = this.machine.get(id, name);
      if (present?.applied === applied && present.phase === 'running') return;
      const turn = JSON.stringify([id, name]);
      this.#installing.set(turn, { id, name: application.name, component: name });
      try {
        call.progress(`pretending to install ${name}`);
        const latency = this.config.stuck.includes(desired.repository) ? desired.timeout : this.config.latency;
        await this.clock.delay(latency, signal);
        if (latency >= desired.timeout && desired.wait)
          throw new TargetFault('timeout', `${name} takes too long`, true);
        if (this.config.missing.includes(desired.repository)) {
          throw new TargetFault('artifact', `${desired.repository} is not there`, true);
        }
        const outcome = this.config.failing.includes(desired.repository) ? 'start' : this.#outcome();
        const starts = (present?.starts ?? 0) + 1;
        const made: Workload = {
          application: { id, name: application.name },
          component: name,
          phase: 'running',
          applied,
          desired,
          starts,
        };
        if (outcome === 'ok') return await this.machine.put(made);
        const reason = `it was told to fail (${outcome})`;
        // A missing artifact leaves what runs; a failed start has replaced it.
        if (outcome !== 'artifact') await this.machine.put({ ...made, phase: 'failed', reason });
        throw new TargetFault(outcome, reason, true);
      } finally {
        this.#installing.delete(turn);
      }
    });
  }

  async remove(application: { readonly id: string }, name: string, _purge: boolean, call: ApplyCall): Promise<void> {
    await this.#inTurn(application.id, name, call, async (signal) => {
      if (!this.machine.get(application.id, name)) return;
      await this.clock.delay(this.config.latency, signal);
      await this.machine.delete(application.id, name);
    });
  }

  watch(signal: AbortSignal): AsyncIterable<string> {
    const over = signal.aborted || this.#stopped.signal.aborted;
    return ids(over ? undefined : on(this.#changes, 'change', { signal, close: [stopped] }), signal);
  }

  async logs(applicationId: string, component: string, lines: number): Promise<readonly string[]> {
    const workload = this.machine.get(applicationId, component);
    const starts = Array.from({ length: workload?.starts ?? 0 }, (_, index) => `start ${index + 1}`);
    return lines > 0 ? starts.slice(-lines) : [];
  }

  /** Pretends that a workload crashed; nothing happens when there is none. */
  async crash(applicationId: string, component: string): Promise<void> {
    const workload = this.machine.get(applicationId, component);
    if (!workload) return;
    await this.machine.put({ ...workload, phase: 'failed', reason: 'it was told to crash' });
    this.#changes.emit('change', applicationId);
  }

  #chosen(application: DesiredApplication, name: string): DesiredComponent {
    const desired = application.components.find((component) => component.name === name);
    if (!desired) throw new TargetFault('invalid', `${application.id} has no component ${name}`, false);
    if (!this.config.deploymentTypes.some((type) => type === application.deploymentType)) {
      throw new TargetFault('unsupported', `deployments of type ${application.deploymentType} are not run here`, false);
    }
    return desired;
  }

  #outcome(): Outcome {
    const told = this.config.failures.sequence[this.#applies++];
    if (told !== undefined) return told;
    if (this.#random() >= this.config.failures.rate) return 'ok';
    return faults[Math.floor(this.#random() * faults.length)] ?? 'platform';
  }

  /** One after the other for each component. */
  async #inTurn(
    applicationId: string,
    component: string,
    call: ApplyCall,
    work: (signal: AbortSignal) => Promise<void>,
  ): Promise<void> {
    const end = new LinkedAbortController(call.signal, this.#stopped.signal);
    try {
      await this.#turns.take(JSON.stringify([applicationId, component]), () => work(end.signal), end.signal);
    } finally {
      end.unlink();
    }
  }
}

async function* ids(events: AsyncIterable<unknown[]> | undefined, signal: AbortSignal): AsyncGenerator<string> {
  try {
    for await (const [id] of events ?? []) if (typeof id === 'string') yield id;
  } catch (error) {
    // The iteration of an emitter ends by throwing; a watch just ends.
    if (!signal.aborted) throw error;
  }
}

/** Numbers from 0 to 1 that depend on the seed alone (mulberry32). */
function generator(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}
