import { Problem } from '../../core/operation/index.js';
import type { Logger } from '../../core/plugin/index.js';
import { remove, type StateProvider } from '../../core/ports/index.js';
import type { DeviceManager, DeviceRecord } from '../device/index.js';
import type { ManifestManager } from '../manifest/index.js';
import { indexFor, instances, type StoredInstance } from './record.js';

/** Changes in one commit. */
const batch = 500;

export interface DeviceFollowerParts {
  readonly state: StateProvider;
  readonly devices: DeviceManager;
  readonly manifests: ManifestManager;
  readonly log: Logger;
  /** Makes a client's manifest anew where it must be. */
  readonly render: (clientId: string) => Promise<void>;
  readonly removed: (instance: StoredInstance) => Promise<void>;
}

/** Brings deployments in line with what becomes of their devices: another form, or gone. */
export class DeviceFollower {
  constructor(private readonly parts: DeviceFollowerParts) {}

  /** For an event, as often as it comes. */
  async follow(clientId: string): Promise<void> {
    if (!(await this.find(clientId))) return this.forget(clientId);
    if ((await this.parts.state.count(instances, indexFor({ clientId }))) > 0) await this.parts.render(clientId);
  }

  /** For the events that a crash has lost. */
  async catchUp(): Promise<void> {
    for (const { clientId, form } of [...this.parts.manifests.clients()]) {
      const device = await this.find(clientId);
      if (!device) await this.forget(clientId);
      else if (this.parts.devices.formOf(device) !== form) await this.parts.render(clientId);
    }
  }

  /** Removes all that was kept of a device that is gone. */
  async forget(clientId: string): Promise<void> {
    const { state, manifests, log } = this.parts;
    for (;;) {
      const { items } = await state.list(instances, { ...indexFor({ clientId }), limit: batch });
      if (items.length === 0) break;
      await state.commit(items.map(({ key }) => remove(instances, key)));
      log.info('deployments went with their device', { clientId, count: items.length });
      for (const { value } of items) await this.parts.removed(value);
    }
    const left = manifests.remove(clientId);
    if (left.length > 0) await state.commit(left);
  }

  /** @returns `undefined` for a device that is not there */
  async find(clientId: string): Promise<DeviceRecord | undefined> {
    try {
      return await this.parts.devices.get(clientId);
    } catch (error) {
      if (error instanceof Problem && error.kind.status === 404) return undefined;
      throw error;
    }
  }
}
