import { tuttiVersion } from '../../cli/profile.js';
import { createLog, hostRefs, startHost } from '../../core/host/index.js';
import { definePlugin, defineVendor, StateProvider, z } from '../../core/plugin/index.js';
import { DefinitionRegistry } from '../../core/plugin/registry.js';
import { put } from '../../core/ports/index.js';
import { loadProfile } from '../../core/profile/index.js';
import catalog from '../../managers/catalog/definition.js';
import { packages, type StoredPackage } from '../../managers/catalog/record.js';
import device from '../../managers/device/definition.js';
import { DeviceManager } from '../../managers/device/index.js';
import instance from '../../managers/instance/definition.js';
import { InstanceManager } from '../../managers/instance/index.js';
import manifest from '../../managers/manifest/definition.js';
import type { ApplicationDescription } from '../../managers/margo/index.js';
import placement from '../../managers/placement/manager.js';
import solution from '../../managers/solution/definition.js';
import memoryEvents from '../../providers/events/memory/index.js';
import ociRegistry from '../../providers/registry/oci/index.js';
import sqliteState from '../../providers/state/sqlite/index.js';

/** A host without doors, and what is behind them. */
export interface Fleet {
  readonly devices: DeviceManager;
  readonly instances: InstanceManager;
  /** Client ids, in the order in which they came. */
  readonly clients: string[];
  /** Puts an onboarded package into the store, as an import would have. */
  addPackage(id: string, described: ApplicationDescription): Promise<string>;
  stop(): Promise<void>;
}

const uses = { state: StateProvider, devices: DeviceManager, instances: InstanceManager };
interface Inside {
  readonly state: StateProvider;
  readonly devices: DeviceManager;
  readonly instances: InstanceManager;
}

export async function startFleet(file: string): Promise<Fleet> {
  let inside: Inside | undefined;
  const probe = defineVendor({
    type: 'vendor.bench',
    version: '1.0.0',
    summary: 'Offers nothing; hands the managers of the host to a benchmark',
    config: z.strictObject({}),
    uses,
    create: (context) => {
      inside = context.uses;
      return { operations: [] };
    },
  });
  const registry = new DefinitionRegistry();
  const known = [
    sqliteState,
    memoryEvents,
    ociRegistry,
    catalog,
    device,
    placement,
    manifest,
    solution,
    instance,
    probe,
  ];
  registry.add(definePlugin('bench', known), tuttiVersion());
  const loaded = await loadProfile(file, { env: {}, registry, hostVersion: tuttiVersion(), hostRefs });
  const host = await startHost(loaded, { version: tuttiVersion(), log: createLog(loaded.host.log) });
  if (!inside) throw new Error('the host has not made vendor.bench');
  const { state, devices, instances } = inside;
  return {
    devices,
    instances,
    clients: [],
    addPackage: async (id, described) => {
      await state.commit([put(packages, id, onboarded(id, described))]);
      return id;
    },
    stop: () => host.stop(),
  };
}

function onboarded(id: string, described: ApplicationDescription): StoredPackage {
  return {
    id,
    name: id,
    labels: {},
    source: { registry: 'registry.test', repository: `apps/${id}`, tag: described.version },
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
  };
}
