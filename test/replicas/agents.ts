import { EventEmitter, on } from 'node:events';
import { join } from 'node:path';
import { Writable } from 'node:stream';
import { createLog, hostRefs, type RunningHost, startHost } from '../../core/host/index.js';
import { tuttiVersion } from '../../core/host/version.js';
import { definePlugin, defineProvider, defineVendor, TargetProvider, z } from '../../core/plugin/index.js';
import { DefinitionRegistry } from '../../core/plugin/registry.js';
import { loadProfile } from '../../core/profile/index.js';
import reconcile from '../../managers/reconcile/definition.js';
import sync from '../../managers/sync/definition.js';
import { SyncManager } from '../../managers/sync/index.js';
import events from '../../providers/events/memory/index.js';
import state from '../../providers/state/memory/index.js';
import { MockConfig, MockPlatform, MockTarget, type Workload } from '../../providers/target/mock/index.js';
import transport from '../../providers/transport/http/index.js';
import wfm from '../../providers/wfm/signed/index.js';

/** A pretended machine that remembers everything that was ever done to it. */
class WatchedPlatform extends MockPlatform {
  readonly applied: Workload[] = [];

  constructor(private readonly changed: () => void) {
    super();
  }

  override async put(workload: Workload): Promise<void> {
    this.applied.push(workload);
    await super.put(workload);
    this.changed();
  }

  override async delete(applicationId: string, component: string): Promise<void> {
    await super.delete(applicationId, component);
    this.changed();
  }
}

export interface FleetOptions {
  readonly count: number;
  readonly url: string;
  readonly ca: string;
  readonly directory: string;
}

/** What of a deployment a device runs. */
export interface Running {
  readonly id: string;
  readonly value: unknown;
}

/** Many agents in one process, each a whole host with a pretended machine. */
export class Fleet {
  readonly names: readonly string[];
  readonly #changes = new EventEmitter<{ changed: [] }>();
  readonly #platforms = new Map<string, WatchedPlatform>();
  readonly #syncs = new Map<string, SyncManager>();
  readonly #hosts: RunningHost[] = [];
  readonly #log: string[] = [];

  constructor(private readonly options: FleetOptions) {
    this.names = Array.from({ length: options.count }, (_, n) => `device-${String(n + 1).padStart(3, '0')}`);
    for (const name of this.names) {
      this.#platforms.set(name, new WatchedPlatform(() => this.#changes.emit('changed')));
    }
  }

  async start(): Promise<void> {
    for (const name of this.names) this.#hosts.push(await this.#agent(name));
  }

  async stop(): Promise<void> {
    await Promise.all(this.#hosts.map((host) => host.stop()));
  }

  runs(name: string): readonly Running[] {
    return this.#platform(name)
      .all()
      .filter(({ phase }) => phase === 'running')
      .map((workload) => ({ id: workload.application.id, value: pollSecondsOf(workload) }))
      .sort((a, b) => (a.id < b.id ? -1 : 1));
  }

  /** Of the manifest that a device has adopted. */
  version(name: string): number {
    return this.#syncs.get(name)?.status().manifestVersion ?? 0;
  }

  /** What was done to a machine more than once in a row, though it was the same. */
  repeated(name: string): readonly string[] {
    const last = new Map<string, string>();
    return this.#platform(name).applied.flatMap(({ application: { id }, applied }) => {
      const again = last.get(id) === applied;
      last.set(id, applied);
      return again ? [`${name} was given ${id} twice`] : [];
    });
  }

  /** Resolves when `holds` does; looked at again after every change of a machine. */
  async until(holds: () => boolean, signal: AbortSignal): Promise<void> {
    const changes = on(this.#changes, 'changed', { signal });
    while (!holds()) await changes.next();
    await changes.return?.();
  }

  /** Warnings of all agents, newest last. */
  log(): string {
    return this.#log.slice(-50).join('');
  }

  #platform(name: string): WatchedPlatform {
    const platform = this.#platforms.get(name);
    if (!platform) throw new Error(`there is no ${name}`);
    return platform;
  }

  async #agent(name: string): Promise<RunningHost> {
    const platform = this.#platform(name);
    const mock = defineProvider({
      port: TargetProvider,
      type: 'target.pretended',
      version: '1.0.0',
      config: MockConfig,
      create: ({ config, clock }) => new MockTarget(config, clock, platform),
    });
    const probe = defineVendor({
      type: 'vendor.probe',
      version: '1.0.0',
      config: z.strictObject({}),
      uses: { sync: SyncManager },
      create: ({ uses }) => {
        this.#syncs.set(name, uses.sync);
        return { operations: [] };
      },
    });
    const registry = new DefinitionRegistry();
    const version = tuttiVersion();
    registry.add(definePlugin('fleet', [events, state, reconcile, sync, transport, wfm, mock, probe]), version);
    const { directory, url, ca } = this.options;
    const data = join(directory, name);
    // The stream says something every 15 s; polling finds what it misses.
    const profile = `
profile: agent
data: ${data}
providers:
  store: { type: state.memory }
  events: { type: events.memory }
  line: { type: transport.http, config: { url: ${url}, ca: ${ca}, silenceSeconds: 20 } }
  wfm: { type: wfm.signed, config: { name: ${name}, timeoutSeconds: 15 } }
  machine: { type: target.pretended, config: { deploymentTypes: [compose] } }
managers:
  reconcile: { type: manager.reconcile }
  sync: { type: manager.sync, config: { pollSeconds: 15, device: { id: ${name} } } }
vendors:
  probe: { type: vendor.probe }
`;
    const file = `${data}.yaml`;
    const read = { env: {}, registry, hostVersion: version, hostRefs, readFile: async () => profile };
    const output = new Writable({
      write: (line: Buffer, _, done) => {
        this.#log.push(`${name} ${line.toString()}`);
        done();
      },
    });
    const log = createLog({ level: 'warn', format: 'text' }, output);
    return startHost(await loadProfile(file, read), { version, log });
  }
}

function pollSecondsOf({ desired }: Workload): unknown {
  return desired.parameters['POLL_SECONDS'];
}
