import { Problem } from '../../core/operation/index.js';
import type { Clock, Logger } from '../../core/plugin/index.js';
import { remove, StateConflict, type StateProvider } from '../../core/ports/index.js';
import { backoff, KeyedQueue, type WorkResult } from '../../core/work/index.js';
import type { DeviceManager, DeviceRecord } from '../device/index.js';
import type { ManifestManager } from '../manifest/index.js';
import { indexFor, instances, type StoredInstance } from './record.js';
import { leaving } from './unheard.js';

/** Changes in one commit. */
const batch = 500;
/** Devices that are followed at the same time. */
const parallel = 8;
/** Waits before a device that could not be followed is tried again, milliseconds: the first, and the longest. */
const firstWait = 500;
const longestWait = 60_000;

export interface DeviceFollowerParts {
  readonly state: StateProvider;
  readonly devices: DeviceManager;
  readonly manifests: ManifestManager;
  readonly clock: Clock;
  readonly log: Logger;
  /** Makes a client's manifest anew where it must be. */
  readonly render: (clientId: string) => Promise<void>;
  readonly removed: (instance: StoredInstance) => Promise<void>;
}

/** Brings deployments in line with what becomes of their devices: another form, or gone. */
export class DeviceFollower {
  readonly #parts: DeviceFollowerParts;
  readonly #queue: KeyedQueue;
  /** How often in a row a device could not be followed. */
  readonly #failures = new Map<string, number>();

  constructor(parts: DeviceFollowerParts) {
    this.#parts = parts;
    this.#queue = new KeyedQueue({ clock: parts.clock, parallel, work: (clientId) => this.#work(clientId) });
  }

  /** Looks at a device soon, whatever has become of it. One that cannot be followed keeps no other one waiting. */
  follow(clientId: string): void {
    this.#queue.add(clientId);
  }

  /** For the changes that nobody was there to tell of. */
  catchUp(): void {
    const { manifests, devices } = this.#parts;
    // From memory: to ask a store on another machine about each device of a large fleet would take longer than a start may.
    for (const { clientId, form } of [...manifests.clients()]) {
      if (devices.knownForm(clientId) !== form) this.follow(clientId);
    }
  }

  /** Ends the work that is under way; what is left is caught up with at the next start. Safe to call twice. */
  stop(): Promise<void> {
    return this.#queue.stop();
  }

  /** Removes all that was kept of a device that is gone. */
  async forget(clientId: string): Promise<void> {
    const { state, manifests } = this.#parts;
    for (;;) {
      // Read first: a deployment that is made while others are removed makes the last commit fail, and is seen then.
      const left = await manifests.removal(clientId);
      await this.#removeInstances(clientId);
      if (left.length === 0) return;
      try {
        await state.commit(left);
        return;
      } catch (error) {
        if (!(error instanceof StateConflict)) throw error;
      }
    }
  }

  /** @returns `undefined` for a device that is not there */
  async find(clientId: string): Promise<DeviceRecord | undefined> {
    try {
      return await this.#parts.devices.get(clientId);
    } catch (error) {
      if (error instanceof Problem && error.kind.status === 404) return undefined;
      throw error;
    }
  }

  async #work(clientId: string): Promise<WorkResult> {
    try {
      await this.#follow(clientId);
      this.#failures.delete(clientId);
      return undefined;
    } catch (error) {
      const failures = (this.#failures.get(clientId) ?? 0) + 1;
      this.#failures.set(clientId, failures);
      const again = backoff(failures, firstWait, longestWait);
      this.#parts.log.warn('a device could not be followed; tried again', { clientId, failures, again, error });
      return { again };
    }
  }

  async #follow(clientId: string): Promise<void> {
    if (!(await this.find(clientId))) return this.forget(clientId);
    const deployed = await this.#parts.state.count(instances, indexFor({ clientId }));
    if (deployed > 0) await this.#parts.render(clientId);
  }

  async #removeInstances(clientId: string): Promise<void> {
    const { state, log, removed } = this.#parts;
    for (;;) {
      const { items } = await state.list(instances, { ...indexFor({ clientId }), limit: batch });
      if (items.length === 0) return;
      await state.commit(items.flatMap(({ key }) => [remove(instances, key), remove(leaving, key)]));
      log.info('deployments went with their device', { clientId, count: items.length });
      for (const { value } of items) await removed(value);
    }
  }
}
