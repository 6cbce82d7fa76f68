import { randomUUID } from 'node:crypto';
import { isDeepStrictEqual } from 'node:util';
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
      render: (clientId) => this.#publish(clientId, async () => []),
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
    const { id, clientId } = instance;
    await this.#publish(
      clientId,
      async () => [put(instances, id, instance, 'absent'), await this.#parts.catalog.whileKept(instance.packageId)],
      instance,
    );
    // A device that was removed while this was written has had its followers called before: there is nobody else to clean up.
    if (!(await this.#follower.find(clientId))) {
      await this.#follower.forget(clientId);
      throw new Problem(problems.notFound, `device ${clientId} was removed meanwhile`);
    }
    this.#parts.log.info('a deployment was created', { deploymentId: id, clientId, packageId: instance.packageId });
    await this.#announce(instance);
    return view(instance);
  }

  async update(id: string, request: UpdateInstance, expected?: number): Promise<InstanceRecord> {
    const { clientId } = (await this.#stored(id)).value;
    let next: StoredInstance | undefined;
    let changed = false;
    await this.#publish(
      clientId,
      async () => {
        const { value, revision } = await this.#stored(id);
        mustBe(expected, revision, id);
        if (value.operation === 'DELETE') throw new Problem(problems.conflict, `deployment ${id} is being removed`);
        next = await this.#planner.next(value, request);
        changed = !isDeepStrictEqual(next, value);
        if (!changed) return [];
        return [put(instances, id, next, revision), await this.#parts.catalog.whileKept(next.packageId)];
      },
      () => next,
    );
    return this.#done(next, changed, id);
  }

  async delete(id: string, force: boolean): Promise<InstanceRecord> {
    const { clientId } = (await this.#stored(id)).value;
    let next: StoredInstance | undefined;
    let changed = false;
    await this.#publish(
      clientId,
      async () => {
        const { value, revision } = await this.#stored(id);
        changed = force || value.operation !== 'DELETE';
        if (!changed) {
          next = value;
          return [];
        }
        const { report: _, reportedAt: __, ...rest } = value;
        next = {
          ...rest,
          operation: 'DELETE',
          state: force ? 'REMOVED' : 'REMOVING',
          updatedAt: this.#parts.clock.now(),
        };
        return [force ? remove(instances, id, revision) : put(instances, id, next, revision)];
      },
      () => next,
    );
    return this.#done(next, changed, id);
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
   * Publishes what a client shall run: what is stored, with one instance as it shall be, and `alongside` in the same
   * commit. `alongside` is made first, and anew each time the commit loses a race.
   */
  async #publish(
    clientId: string,
    alongside: () => Promise<readonly Change[]>,
    changed?: StoredInstance | (() => StoredInstance | undefined),
  ): Promise<void> {
    await this.#parts.manifests.update(clientId, async () => {
      const device = await this.#parts.devices.get(clientId);
      const changes = await alongside();
      const instance = typeof changed === 'function' ? changed() : changed;
      // What is new may only go to a device that is in; what is there may still be changed and removed.
      if (instance?.operation === 'DEPLOY' && instance.state === 'PENDING') mustBeOnboarded(device);
      const deployments = await this.#desired(clientId, instance);
      return { deployments, form: this.#parts.devices.formOf(device), alongside: changes };
    });
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

  async #done(next: StoredInstance | undefined, changed: boolean, id: string): Promise<InstanceRecord> {
    if (!next) throw new Error(`the change of deployment ${id} was not made`);
    if (changed) {
      const { operation, state, clientId } = next;
      this.#parts.log.info('a deployment was changed', { deploymentId: id, clientId, operation, state });
      await this.#announce(next);
    }
    return view(next);
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
