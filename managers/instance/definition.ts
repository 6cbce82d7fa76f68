import { defineManager, EventBus, StateProvider } from '../../core/plugin/index.js';
import { CatalogManager } from '../catalog/index.js';
import { DeviceManager } from '../device/index.js';
import { ManifestManager } from '../manifest/index.js';
import { PlacementManager } from '../placement/index.js';
import { SolutionManager } from '../solution/index.js';
import { InstanceManager } from './index.js';
import { Deployments } from './manager.js';

export default defineManager({
  type: 'manager.instance',
  version: '1.0.0',
  summary: 'Solutions on devices, with parameter values: created, updated, deleted, reported on',
  provides: InstanceManager,
  uses: {
    state: StateProvider,
    events: EventBus,
    catalog: CatalogManager,
    devices: DeviceManager,
    placement: PlacementManager,
    solutions: SolutionManager,
    manifests: ManifestManager,
  },
  create: ({ uses, clock, log }) => new Deployments({ ...uses, clock, log }),
});
