import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { SigningKey, selfSignedDeviceCertificate } from '../../core/identity/index.js';
import type { Clock, Definition, Lifecycle, Logger } from '../../core/plugin/index.js';
import {
  type ArtifactRegistry,
  type LockProvider,
  put,
  type QueueProvider,
  RegistryFault,
  type StateProvider,
} from '../../core/ports/index.js';
import { manualClock, silentLogger, testContext } from '../../core/testing/index.js';
import accessManager from '../../managers/access/definition.js';
import type { AccessManager } from '../../managers/access/index.js';
import catalogManager from '../../managers/catalog/definition.js';
import type { CatalogManager } from '../../managers/catalog/index.js';
import { packages } from '../../managers/catalog/record.js';
import deviceManager from '../../managers/device/definition.js';
import type { DeviceManager, DeviceRecord } from '../../managers/device/index.js';
import instanceManager from '../../managers/instance/definition.js';
import type { InstanceManager } from '../../managers/instance/index.js';
import manifestManager from '../../managers/manifest/definition.js';
import type { ManifestManager } from '../../managers/manifest/index.js';
import type { ApplicationDescription, DeploymentProfile, DeviceCapabilities } from '../../managers/margo/index.js';
import type { PlacementManager } from '../../managers/placement/index.js';
import placementManager from '../../managers/placement/manager.js';
import solutionManager from '../../managers/solution/definition.js';
import type { SolutionManager } from '../../managers/solution/index.js';
import { MemoryEvents } from '../../providers/events/memory/bus.js';
import { MemoryState } from '../../providers/state/memory/index.js';

/** A fleet manager of all its real managers on a store, without sockets. */
export interface Wfm {
  readonly state: StateProvider;
  readonly clock: Clock;
  readonly dataDir: string;
  readonly access: AccessManager & Lifecycle;
  readonly catalog: CatalogManager & Lifecycle;
  readonly devices: DeviceManager & Lifecycle;
  readonly manifests: ManifestManager & Lifecycle;
  readonly placement: PlacementManager;
  readonly solutions: SolutionManager & Lifecycle;
  readonly instances: InstanceManager & Lifecycle;
  /** Resolves when every event that was published has been handled. */
  delivered(): Promise<void>;
  /** Drains and stops the managers; the store goes on. */
  stop(): Promise<void>;
}

export interface WfmOptions {
  readonly state?: StateProvider;
  readonly clock?: Clock;
  readonly log?: Logger;
  readonly registry?: ArtifactRegistry;
  /** Shared with other hosts. */
  readonly queue?: QueueProvider | undefined;
  readonly locks?: LockProvider | undefined;
  readonly dataDir?: string;
  readonly onboarding?: 'ca' | 'approve' | 'open';
  /** More of the config of the catalog. */
  readonly catalog?: Readonly<Record<string, unknown>>;
  /** More of the config of the device manager. */
  readonly devices?: Readonly<Record<string, unknown>>;
}

export async function startWfm(options: WfmOptions = {}): Promise<Wfm> {
  const {
    state = new MemoryState(),
    clock = manualClock(),
    log = silentLogger(),
    registry = noRegistry,
    queue,
    locks,
  } = options;
  const dataDir = options.dataDir ?? (await mkdtemp(join(tmpdir(), 'tutti-wfm-')));
  const events = new MemoryEvents({ firstDelay: 1, maxDelay: 1, warnAbove: 10_000 }, clock, log);
  const made: Lifecycle[] = [];
  const make = async <P extends object>(
    definition: Definition,
    uses: Record<string, unknown>,
    config: unknown = {},
  ): Promise<P & Lifecycle> => {
    const entry = await testContext<P>(definition, { uses, config, clock, log, dataDir });
    made.push(entry.instance);
    await entry.start();
    return entry.instance;
  };
  const access = await make<AccessManager>(accessManager, { state });
  const catalog = await make<CatalogManager>(
    catalogManager,
    { state, registry, events, queue, locks },
    { attempts: 2, ...options.catalog },
  );
  const { onboarding = 'open' } = options;
  const devices = await make<DeviceManager>(deviceManager, { state, events }, { onboarding, ...options.devices });
  const manifests = await make<ManifestManager>(manifestManager, { state, devices });
  const solutions = await make<SolutionManager>(solutionManager, { catalog });
  const placement = await make<PlacementManager>(placementManager, {});
  const uses = { state, events, catalog, devices, placement, solutions, manifests };
  const instances = await make<InstanceManager>(instanceManager, uses);
  const signal = new AbortController().signal;
  return {
    state,
    clock,
    dataDir,
    access,
    catalog,
    devices,
    manifests,
    placement,
    solutions,
    instances,
    delivered: () => events.drain(signal),
    async stop() {
      for (const entry of made.reverse()) await entry.drain?.(signal);
      await events.stop();
      for (const entry of made) await entry.stop?.(signal);
    },
  };
}

const noRegistry: ArtifactRegistry = {
  resolve: () => Promise.reject(new RegistryFault('unreachable', 'there is no registry')),
  pull: () => {
    throw new RegistryFault('unreachable', 'there is no registry');
  },
  fetch: () => Promise.reject(new RegistryFault('unreachable', 'there is no registry')),
  tags: () => Promise.resolve([]),
  push: () => Promise.reject(new RegistryFault('unreachable', 'there is no registry')),
  async *repositories(_registry, from) {
    yield* ['apps/main', 'apps/pump'].slice(from);
  },
  async *artifacts({ repository }, from) {
    if (repository === 'none') throw new RegistryFault('not-found', 'there is no such repository');
    yield* [{ tags: ['1.0.0'], digest: `sha256:${'0'.repeat(64)}`, size: 7 }].slice(from);
  },
};

/** A certificate that no CA vouches for. */
export async function certificatePem(
  clock: Pick<Clock, 'now'>,
  name = 'press-7',
  key = SigningKey.generate(),
): Promise<string> {
  return (await selfSignedDeviceCertificate({ name, key, now: clock.now() })).pem;
}

export function capabilities(id: string, more: Partial<DeviceCapabilities> = {}): DeviceCapabilities {
  return {
    id,
    vendor: 'Acme',
    modelNumber: 'M1',
    serialNumber: id,
    cpus: [{ cores: 4, architecture: 'amd64' }],
    memory: '4Gi',
    storage: '10Gi',
    peripherals: [],
    interfaces: [],
    runtimes: ['oci'],
    deploymentTypes: ['compose'],
    labels: {},
    properties: {},
    raw: {},
    ...more,
  };
}

/** Onboards a device that reports what it can do. */
export async function addDevice(
  { devices, clock }: Pick<Wfm, 'devices' | 'clock'>,
  name = 'press-7',
  more: Partial<DeviceCapabilities> = {},
  key = SigningKey.generate(),
): Promise<DeviceRecord> {
  const { id, state } = await devices.onboard(await certificatePem(clock, name, key));
  if (state === 'PENDING') await devices.approve(id);
  await devices.reportCapabilities(id, capabilities(name, more), 'D2');
  return devices.get(id);
}

export function profile(id: string, revision: string): DeploymentProfile {
  return {
    id,
    type: 'compose',
    components: [
      { name: 'main', properties: { repository: 'oci://registry.test/apps/main', revision }, extensions: {} },
    ],
    extensions: {},
  };
}

export function description(version = '1.0.0', more: Partial<ApplicationDescription> = {}): ApplicationDescription {
  return {
    id: 'com-acme-pump',
    name: 'Pump',
    version,
    catalog: { application: { tags: [] }, author: [], organization: [] },
    profiles: [profile('compose', version)],
    parameters: {
      greeting: { value: 'hello', targets: [{ pointer: 'GREETING', components: ['main'] }] },
      place: { value: 'here', targets: [{ pointer: 'PLACE', components: ['main'] }] },
    },
    configuration: {
      sections: [
        {
          name: 'General',
          settings: [
            { parameter: 'greeting', name: 'Greeting', immutable: false, schema: 'text' },
            { parameter: 'place', name: 'Place', immutable: true, schema: 'text' },
          ],
        },
      ],
      schemas: [{ name: 'text', dataType: 'string', allowEmpty: false, maxLength: 20 }],
    },
    form: 'D3',
    ...more,
  };
}

/** Puts an onboarded package into the store, as an import would have. */
export async function addPackage(state: StateProvider, id: string, described = description()): Promise<string> {
  const source = { registry: 'registry.test', repository: 'apps/pump', tag: described.version };
  await state.commit([
    put(packages, id, {
      id,
      name: id,
      labels: {},
      source,
      strict: false,
      state: 'ONBOARDED',
      digest: `sha256:${'0'.repeat(64)}`,
      description: described,
      resources: [],
      faults: [],
      warnings: [],
      createdAt: 0,
      updatedAt: 0,
      withCredentials: false,
    }),
  ]);
  return id;
}
