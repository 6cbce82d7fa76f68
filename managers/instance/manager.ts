import { randomUUID } from 'node:crypto';
import { allOf } from '../../core/mirror/index.js';
import { Problem, problems } from '../../core/operation/index.js';
import type { Clock, Lifecycle, Logger } from '../../core/plugin/index.js';
import {
  type Change,
  type EventBus,
  put,
  remove,
  StateConflict,
  type StateProvider,
  type StatusReport,
  type Stored,
  type Subscription,
} from '../../core/ports/index.js';
import type { CatalogManager } from '../catalog/index.js';
import { DeviceChanged, type DeviceManager, type DeviceRecord } from '../device/index.js';
import type { ManifestManager } from '../manifest/index.js';
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
import { Planner } from './planner.js';
import { indexFor, instances, type StoredInstance, view } from './record.js';
import { applyReport } from './report.js';
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

/** One change: an instance as it shall be from now on, where it is about one, and what is written with it. */
interface Made {
  readonly instance?: StoredInstance;
  readonly alongside: readonly Change[];
}
type MadeOf = Made & { readonly instance: StoredInstance };

export class Deployments implements InstanceManager, Lifecycle {
  readonly #parts: InstanceParts;
  readonly #state: StateProvider;
  readonly #planner: Planner;
  readonly #follower: DeviceFollower;
  #subscription: Subscription | undefined;

  constructor(parts: InstanceParts) {
    this.#parts = parts;
    this.#state = parts.state;
    this.#planner = new Planner(parts);
    this.#follower = new DeviceFollower({
      ...parts,
      render: async (clientId) => void (await this.#publish(clientId, async () => ({ alongside: [] }))),
      removed: (instance) => this.#announce({ ...instance, state: 'REMOVED' }),
    });
  }

  async start(): Promise<void> {
    this.#parts.catalog.beforeDelete(async (packageId) => {
      const count = await this.countByPackage(packageId);
      return count === 0 ? undefined : `package ${packageId} is used by ${count} deployment${count === 1 ? '' : 's'}`;
    });
    this.#subscription = this.#parts.events.subscribe(DeviceChanged, 'manager.instance', ({ id }) =>
      this.#follower.follow(id),
    );
    await this.#follower.catchUp();
  }

  async drain(): Promise<void> {
    await this.#subscription?.close();
  }

  async stop(): Promise<void> {
    await this.#subscription?.close();
  }

  async create(request: CreateInstance): Promise<InstanceRecord> {
    const instance = await this.#planner.first(randomUUID(), request);
    const { id, clientId, packageId } = instance;
    await this.#publish(clientId, async (device) => {
      mustBeOnboarded(device);
      const kept = await this.#parts.catalog.whileKept(packageId);
      return { instance, alongside: [put(instances, id, instance, 'absent'), kept] };
    });
    // Whoever follows devices may have cleaned up before this was written; then nobody else will.
    if (!(await this.#follower.find(clientId))) {
      await this.#follower.forget(clientId);
      throw new Problem(problems.notFound, `device ${clientId} was removed meanwhile`);
    }
    return this.#changed(instance);
  }

  async update(id: string, request: UpdateInstance, expected?: number): Promise<InstanceRecord> {
    const { clientId } = (await this.#stored(id)).value;
    const { instance, alongside } = await this.#publish(clientId, async () => {
      const { value, revision } = await this.#stored(id);
      mustBe(expected, revision, id);
      if (value.operation === 'DELETE') throw new Problem(problems.conflict, `deployment ${id} is being removed`);
      const next = await this.#planner.next(value, request);
      if (next === value) return { instance: value, alongside: [] };
      const kept = await this.#parts.catalog.whileKept(next.packageId);
      return { instance: next, alongside: [put(instances, id, next, revision), kept] };
    });
    return alongside.length === 0 ? view(instance) : this.#changed(instance);
  }

  async delete(id: string, force: boolean, expected?: number): Promise<InstanceRecord> {
    const { clientId } = (await this.#stored(id)).value;
    const { instance, alongside } = await this.#publish(clientId, async (): Promise<MadeOf> => {
      const { value, revision } = await this.#stored(id);
      mustBe(expected, revision, id);
      const { report: _, reportedAt: __, ...rest } = value;
      const gone = { ...rest, operation: 'DELETE', updatedAt: this.#parts.clock.now() } as const;
      if (force) return { instance: { ...gone, state: 'REMOVED' }, alongside: [remove(instances, id, revision)] };
      if (value.operation === 'DELETE') return { instance: value, alongside: [] };
      const removing: StoredInstance = { ...gone, state: 'REMOVING' };
      return { instance: removing, alongside: [put(instances, id, removing, revision)] };
    });
    return alongside.length === 0 ? view(instance) : this.#changed(instance);
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
      const { value, revision } = stored;
      const next = applyReport(value, report, this.#parts.clock.now());
      if (next === value) return;
      try {
        await this.#state.commit([
          next === 'removed' ? remove(instances, value.id, revision) : put(instances, value.id, next, revision),
        ]);
      } catch (error) {
        if (error instanceof StateConflict) continue;
        throw error;
      }
      const now = next === 'removed' ? { ...value, state: 'REMOVED' as const } : next;
      if (now.state !== value.state || next === 'removed') {
        this.#parts.log.info(`a deployment is ${now.state}`, { deploymentId: value.id, clientId });
      }
      await this.#announce(now);
      return;
    }
  }

  countByPackage(packageId: string): Promise<number> {
    return this.#state.count(instances, indexFor({ packageId }));
  }

  watch(query: Pick<InstanceQuery, 'clientId'>, signal: AbortSignal): AsyncIterable<InstanceRecord> {
    return watchInstances(this.#state, query, signal);
  }

  /**
   * Publishes what a client shall run: what is stored, with one instance as it shall be, and what is written alongside.
   * @param make called first, and again each time the commit loses a race
   */
  async #publish<M extends Made>(clientId: string, make: (device: DeviceRecord) => Promise<M>): Promise<M> {
    let made: M | undefined;
    await this.#parts.manifests.update(clientId, async () => {
      const device = await this.#parts.devices.get(clientId);
      made = await make(device);
      const deployments = await this.#desired(clientId, made.instance);
      return { deployments, form: this.#parts.devices.formOf(device), alongside: made.alongside };
    });
    if (!made) throw new Error(`the change of client ${clientId} was never made`);
    return made;
  }

  /** What a client shall run, read through the index of its instances. */
  async #desired(clientId: string, changed: StoredInstance | undefined): Promise<Deployment[]> {
    const desired = new Map<string, StoredInstance>();
    for await (const { key, value } of allOf(this.#state, instances, indexFor({ clientId }))) desired.set(key, value);
    if (changed) desired.set(changed.id, changed);
    return [...desired.values()].flatMap(({ operation, deployment }) => (operation === 'DELETE' ? [] : [deployment]));
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
    return this.#parts.events.publish(InstanceChanged, { id, clientId, state });
  }
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
