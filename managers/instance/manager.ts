import { randomUUID } from 'node:crypto';
import { allOf } from '../../core/mirror/index.js';
import { Problem, problems } from '../../core/operation/index.js';
import type { Clock, Health, Lifecycle, Logger } from '../../core/plugin/index.js';
import {
  type Change,
  type EventBus,
  put,
  remove,
  StateConflict,
  type StateProvider,
  type StatusReport,
  type Stored,
} from '../../core/ports/index.js';
import { announce } from '../../core/work/index.js';
import type { CatalogManager } from '../catalog/index.js';
import type { DeviceManager, DeviceRecord } from '../device/index.js';
import type { ManifestManager, NextManifest } from '../manifest/index.js';
import type { Deployment } from '../margo/index.js';
import type { PlacementManager } from '../placement/index.js';
import type { SolutionManager } from '../solution/index.js';
import { DeviceFollower } from './device-follower.js';
import {
  type CreateInstance,
  InstanceChanged,
  type InstanceManager,
  type InstancePage,
  type InstanceQuery,
  type InstanceRecord,
  type UpdateInstance,
} from './index.js';
import { mustBeOnboarded } from './place.js';
import { Planner, published } from './planner.js';
import { indexFor, instances, type StoredInstance, view } from './record.js';
import { applyReport } from './report.js';
import { leaving, Unheard } from './unheard.js';
import { watchInstances } from './watch.js';

export interface InstanceParts {
  readonly state: StateProvider;
  readonly events: EventBus;
  readonly catalog: CatalogManager;
  readonly devices: DeviceManager;
  readonly placement: PlacementManager;
  readonly solutions: SolutionManager;
  readonly manifests: ManifestManager;
  readonly clock: Clock;
  readonly log: Logger;
}

/** One change: an instance as it shall be from now on, and what is written of it with the manifest that it leads to. */
interface Made {
  readonly instance: StoredInstance;
  readonly write: (next: NextManifest) => Written;
}
interface Written {
  readonly instance: StoredInstance;
  /** None when everything is as it shall be already. */
  readonly changes: readonly Change[];
}

export class Deployments implements InstanceManager, Lifecycle {
  readonly #parts: InstanceParts;
  readonly #state: StateProvider;
  readonly #planner: Planner;
  readonly #follower: DeviceFollower;
  readonly #unheard: Unheard;
  readonly #following: (() => void)[] = [];
  #withdrawGuard: (() => void) | undefined;

  constructor(parts: InstanceParts) {
    this.#parts = parts;
    this.#state = parts.state;
    this.#planner = new Planner(parts);
    this.#unheard = new Unheard(parts);
    this.#follower = new DeviceFollower({
      ...parts,
      render: (clientId) => this.#render(clientId),
      removed: (instance) => this.#announce({ ...instance, state: 'REMOVED' }),
    });
  }

  async start(): Promise<void> {
    this.#withdrawGuard = this.#parts.catalog.beforeDelete(async (packageId) => {
      const count = await this.countByPackage(packageId);
      return count === 0 ? undefined : `package ${packageId} is used by ${count} deployment${count === 1 ? '' : 's'}`;
    });
    const { devices, manifests } = this.#parts;
    this.#following.push(
      devices.follow((id) => this.#follower.follow(id)),
      // Made while its device was removed, by a host that died before it could look again.
      manifests.follow((clientId) => {
        if (devices.keyOf(clientId) === undefined) this.#follower.follow(clientId);
      }),
    );
    await this.#unheard.start();
    this.#follower.catchUp();
  }

  drain(): Promise<void> {
    return this.#close();
  }

  async stop(): Promise<void> {
    // Not when it drains: until the end, packages in use are kept.
    this.#withdrawGuard?.();
    await this.#close();
    await this.#unheard.stop();
  }

  health(): Health {
    return this.#unheard.health();
  }

  async create(request: CreateInstance): Promise<InstanceRecord> {
    const instance = await this.#planner.first(randomUUID(), request);
    const { id, clientId, packageId } = instance;
    await this.#publish(clientId, async (device) => {
      mustBeOnboarded(device);
      await this.#mustBeNew(instance);
      const kept = await this.#parts.catalog.whileKept(packageId);
      return { instance, write: () => ({ instance, changes: [put(instances, id, instance, 'absent'), kept] }) };
    });
    // Whoever follows devices may have cleaned up before this was written; then nobody else will.
    if (!(await this.#follower.find(clientId))) {
      await this.#follower.forget(clientId);
      throw new Problem(problems.notFound, `device ${clientId} was removed meanwhile`);
    }
    return this.#changed(instance);
  }

  async update(
    id: string,
    request: UpdateInstance | ((present: InstanceRecord) => UpdateInstance),
    expected?: number,
  ): Promise<InstanceRecord> {
    const { clientId } = (await this.#stored(id)).value;
    const { instance, changes } = await this.#publish(clientId, async () => {
      const { value, revision } = await this.#stored(id);
      mustBe(expected, revision, id);
      if (value.operation === 'DELETE') throw new Problem(problems.conflict, `deployment ${id} is being removed`);
      const next = await this.#planner.next(value, typeof request === 'function' ? request(view(value)) : request);
      if (next === value) return asItIs(value);
      const kept = await this.#parts.catalog.whileKept(next.packageId);
      const write = (manifest: NextManifest): Written => {
        const updated = published(next, manifest);
        return { instance: updated, changes: [put(instances, id, updated, revision), kept] };
      };
      return { instance: next, write };
    });
    return changes.length === 0 ? view(instance) : this.#changed(instance);
  }

  async delete(id: string, force: boolean, expected?: number): Promise<InstanceRecord> {
    const { clientId } = (await this.#stored(id)).value;
    const { instance, changes } = await this.#publish(clientId, async () => {
      const { value, revision } = await this.#stored(id);
      mustBe(expected, revision, id);
      const { report: _, reportedAt: __, ...rest } = value;
      const gone = { ...rest, operation: 'DELETE', updatedAt: this.#parts.clock.now() } as const;
      if (!force && value.operation === 'DELETE') return asItIs(value);
      const after: StoredInstance = { ...gone, state: force ? 'REMOVED' : 'REMOVING' };
      const write = ({ version }: NextManifest): Written => {
        if (force) return { instance: after, changes: [remove(instances, id, revision), remove(leaving, id)] };
        const unheard = value.unheard ? [put(leaving, id, { clientId, version })] : [];
        return { instance: after, changes: [put(instances, id, after, revision), ...unheard] };
      };
      return { instance: after, write };
    });
    return changes.length === 0 ? view(instance) : this.#changed(instance);
  }

  async get(id: string): Promise<InstanceRecord & { readonly revision: number }> {
    return shown(await this.#stored(id));
  }

  async list({ limit, after, ...query }: InstanceQuery): Promise<InstancePage> {
    const index = indexFor(query);
    const [page, total] = await Promise.all([
      this.#state.list(instances, {
        ...index,
        ...(limit !== undefined && { limit }),
        ...(after !== undefined && { after }),
      }),
      this.#state.count(instances, index),
    ]);
    return { items: page.items.map(shown), total, ...(page.next !== undefined && { next: page.next }) };
  }

  async report(clientId: string, report: StatusReport): Promise<void> {
    for (;;) {
      const stored = await this.#state.get(instances, report.deploymentId);
      // Another device's deployment is told no differently from none: nobody learns what others run.
      if (!stored || stored.value.clientId !== clientId) {
        throw new Problem(problems.notFound, `there is no deployment ${report.deploymentId} on this device`);
      }
      const { value: found, revision } = stored;
      const { unheard, ...value } = found;
      const isBehind = await this.#isBehind(value);
      if (isBehind) {
        this.#parts.log.debug('a report was about what was before the last update', {
          deploymentId: value.id,
          clientId,
        });
      }
      const next = isBehind ? value : applyReport(value, report, this.#parts.clock.now());
      if (next === value && !unheard) return;
      try {
        await this.#state.commit([
          next === 'removed' ? remove(instances, value.id, revision) : put(instances, value.id, next, revision),
          ...(unheard ? [remove(leaving, value.id)] : []),
        ]);
      } catch (error) {
        if (error instanceof StateConflict) continue;
        throw error;
      }
      if (next === value) return;
      const now = next === 'removed' ? { ...value, state: 'REMOVED' as const } : next;
      if (now.state !== value.state || next === 'removed') {
        this.#parts.log.info(`a deployment is ${now.state}`, { deploymentId: value.id, clientId });
      }
      await this.#announce(now);
      return;
    }
  }

  async adopted(clientId: string, version: number): Promise<void> {
    for (const id of this.#unheard.without(clientId, version)) await this.#endUnheard(clientId, id);
  }

  countByPackage(packageId: string): Promise<number> {
    return this.#state.count(instances, indexFor({ packageId }));
  }

  watch(query: Pick<InstanceQuery, 'clientId'>, signal: AbortSignal): AsyncIterable<InstanceRecord> {
    return watchInstances(this.#state, query, signal);
  }

  /**
   * Publishes what a client shall run: what is stored, with one instance as it shall be, which is written alongside.
   * @param make called first, and again each time the commit loses a race
   */
  async #publish(clientId: string, make: (device: DeviceRecord) => Promise<Made>): Promise<Written> {
    let written: Written | undefined;
    await this.#parts.manifests.update(clientId, async () => {
      const device = await this.#parts.devices.get(clientId);
      const { instance, write } = await make(device);
      const deployments = await this.#desired(clientId, instance);
      const alongside = (next: NextManifest): readonly Change[] => {
        written = write(next);
        return written.changes;
      };
      return { deployments, form: this.#parts.devices.formOf(device), alongside };
    });
    if (!written) throw new Error(`the change of client ${clientId} was never made`);
    return written;
  }

  /** Makes a client's manifest anew from what is stored, in the form that the client speaks now. */
  async #render(clientId: string): Promise<void> {
    await this.#parts.manifests.update(clientId, async () => {
      const form = this.#parts.devices.formOf(await this.#parts.devices.get(clientId));
      return { deployments: await this.#desired(clientId), form, alongside: () => [] };
    });
  }

  async #endUnheard(clientId: string, id: string): Promise<void> {
    for (;;) {
      const stored = await this.#state.get(instances, id);
      if (!stored?.value.unheard || stored.value.operation !== 'DELETE') return;
      try {
        await this.#state.commit([remove(instances, id, stored.revision), remove(leaving, id)]);
      } catch (error) {
        if (error instanceof StateConflict) continue;
        throw error;
      }
      this.#parts.log.info('a deployment is gone before its device knew it', { deploymentId: id, clientId });
      await this.#announce({ ...stored.value, state: 'REMOVED' });
      return;
    }
  }

  /** Whether the device has not been given the last update yet, so that all it says is about what was before. */
  async #isBehind({ operation, clientId, updatedIn }: StoredInstance): Promise<boolean> {
    if (operation !== 'UPDATE' || updatedIn === undefined) return false;
    return !(await this.#parts.manifests.wasDelivered(clientId, updatedIn));
  }

  /** What a client shall run, read through the index of its instances. */
  async #desired(clientId: string, changed?: StoredInstance): Promise<Deployment[]> {
    const desired = new Map<string, StoredInstance>();
    for await (const { key, value } of allOf(this.#state, instances, indexFor({ clientId }))) desired.set(key, value);
    if (changed) desired.set(changed.id, changed);
    return [...desired.values()].flatMap(({ operation, deployment }) => (operation === 'DELETE' ? [] : [deployment]));
  }

  async #close(): Promise<void> {
    for (const end of this.#following.splice(0)) end();
    await this.#follower.stop();
  }

  /** Asked in the client's turn, so that of two at once the later one finds the earlier. @throws Problem 409 */
  async #mustBeNew({ clientId, namespace, name }: StoredInstance): Promise<void> {
    const { items } = await this.#state.list(instances, { ...indexFor({ clientId, namespace, name }), limit: 1 });
    const [there] = items;
    if (!there) return;
    const end = there.value.operation === 'DELETE' ? ', which is being removed' : '';
    throw new Problem(
      problems.conflict,
      `device ${clientId} has ${namespace}/${name} already, as deployment ${there.key}${end}`,
      { extensions: { deploymentId: there.key } },
    );
  }

  async #stored(id: string): Promise<Stored<StoredInstance>> {
    const stored = await this.#state.get(instances, id);
    if (!stored) throw new Problem(problems.notFound, `there is no deployment ${id}`);
    return stored;
  }

  async #changed(instance: StoredInstance): Promise<InstanceRecord> {
    const { id, clientId, packageId, operation, state } = instance;
    this.#parts.log.info('a deployment was changed', { deploymentId: id, clientId, packageId, operation, state });
    await this.#announce(instance);
    return view(instance);
  }

  #announce({ id, clientId, state }: InstanceRecord): Promise<void> {
    return announce(this.#parts.events, this.#parts.log, InstanceChanged, { id, clientId, state });
  }
}

function asItIs(instance: StoredInstance): Made {
  return { instance, write: () => ({ instance, changes: [] }) };
}

function shown({ value, revision }: Stored<StoredInstance>): InstanceRecord & { readonly revision: number } {
  return { ...view(value), revision };
}

function mustBe(expected: number | undefined, revision: number, id: string): void {
  if (expected === undefined || expected === revision) return;
  throw new Problem(
    problems.preconditionFailed,
    `deployment ${id} is at revision ${revision}, not ${expected}; read it again and decide anew`,
  );
}
