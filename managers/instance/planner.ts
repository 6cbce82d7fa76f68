import { isDeepStrictEqual } from 'node:util';
import { Problem, problems } from '../../core/operation/index.js';
import type { Clock } from '../../core/plugin/index.js';
import type { DeviceManager } from '../device/index.js';
import type { NextManifest } from '../manifest/index.js';
import {
  type Deployment,
  type DeploymentProfile,
  documentLimit,
  parametersFor,
  renderDeployment,
} from '../margo/index.js';
import type { PlacementManager } from '../placement/index.js';
import type { Solution, SolutionManager } from '../solution/index.js';
import type { CreateInstance, UpdateInstance } from './index.js';
import { checkNames } from './names.js';
import { choosePlace, isChosenBy, wantedProfiles } from './place.js';
import type { StoredInstance } from './record.js';

/** A namespace that every cluster has. */
const defaultNamespace = 'default';

export interface PlannerParts {
  readonly devices: DeviceManager;
  readonly placement: PlacementManager;
  readonly solutions: SolutionManager;
  readonly clock: Clock;
}

/** Decides what an instance shall be. Reads, and writes nothing. */
export class Planner {
  constructor(private readonly parts: PlannerParts) {}

  /** A new instance on the device that the request chooses. @throws Problem 404, 409, 422 */
  async first(id: string, request: CreateInstance): Promise<StoredInstance> {
    const { devices, placement, solutions, clock } = this.parts;
    const { name, namespace = defaultNamespace, labels = {}, packageId, values = {} } = request;
    checkNames(name, namespace);
    const solution = await solutions.get(packageId);
    const parameters = await solutions.parameters(packageId, values);
    const profiles = wantedProfiles(solution, request.profile);
    const { client, deviceId, profile } = await choosePlace(request.device, profiles, devices, placement);
    const deployment: Deployment = {
      id,
      name,
      namespace,
      deviceId,
      applicationId: solution.applicationId,
      ...(Object.keys(labels).length > 0 && { labels }),
      profile,
      parameters: parametersFor(profile, parameters),
    };
    mustBeReadable(deployment);
    const now = clock.now();
    return {
      id,
      name,
      namespace,
      labels,
      packageId,
      applicationId: solution.applicationId,
      version: solution.version,
      clientId: client.id,
      deviceId,
      profileId: profile.id,
      values,
      operation: 'DEPLOY',
      state: 'PENDING',
      createdAt: now,
      updatedAt: now,
      deployment,
      unheard: true,
    };
  }

  /**
   * An instance with other values or another version, in its present state. The same when nothing changes.
   * @throws Problem 404, 409, 422
   */
  async next(present: StoredInstance, request: UpdateInstance): Promise<StoredInstance> {
    const { solutions, clock } = this.parts;
    const packageId = request.packageId ?? present.packageId;
    const values = request.values ?? present.values;
    const labels = request.labels ?? present.labels;
    const solution = await solutions.get(packageId);
    mustBeSameApplication(solution, present);
    await this.#mustStay(present, request);
    const parameters = await solutions.parameters(packageId, values, present.values);
    const profile = await this.#profileFor(present, solution, request.profile);
    const { labels: _, ...same } = present.deployment;
    const deployment: Deployment = {
      ...same,
      ...(Object.keys(labels).length > 0 && { labels }),
      profile,
      parameters: parametersFor(profile, parameters),
    };
    const { version } = solution;
    const changed = { ...present, packageId, values, labels, version, profileId: profile.id, deployment };
    if (isDeepStrictEqual(changed, present)) return present;
    mustBeReadable(deployment);
    return { ...changed, updatedAt: clock.now() };
  }

  /** @throws Problem 409 when a request names another device or calls the instance something else, 422 */
  async #mustStay(present: StoredInstance, { name, namespace, device }: UpdateInstance): Promise<void> {
    if (name !== undefined && name !== present.name) {
      throw cannotChange(present, 'name', `is not called ${name}`);
    }
    if (namespace !== undefined && namespace !== present.namespace) {
      throw cannotChange(present, 'namespace', `is in the namespace ${present.namespace}, not ${namespace}`);
    }
    if (!device) return;
    const client = await this.parts.devices.get(present.clientId);
    if (isChosenBy(device, client, present.deviceId, this.parts.placement)) return;
    const other = 'id' in device ? `not on ${device.id}` : `which does not have these labels`;
    throw cannotChange(present, 'device', `is on device ${client.name} (${client.id}), ${other}`);
  }

  /** The same profile where the new version has it, else another of its type; on the same device. */
  async #profileFor(
    present: StoredInstance,
    solution: Solution,
    wanted: string | undefined,
  ): Promise<DeploymentProfile> {
    const { devices, placement } = this.parts;
    const same = solution.profiles.filter(({ id }) => id === present.profileId);
    const ofType = solution.profiles.filter(({ type }) => type === present.deployment.profile.type);
    const fitting = same.length > 0 ? same : ofType;
    const asked = wantedProfiles(solution, wanted);
    const profiles = fitting.filter((profile) => asked.includes(profile));
    if (wanted !== undefined && fitting.length > 0 && profiles.length === 0) {
      const { type } = present.deployment.profile;
      throw cannotChange(present, 'profile', `has the profile ${present.profileId} (${type}), not ${wanted}`);
    }
    const client = await devices.get(present.clientId);
    const capabilities = Object.hasOwn(client.capabilities, present.deviceId)
      ? client.capabilities[present.deviceId]
      : undefined;
    // A device that has withdrawn its capabilities is the final judge of what it gets.
    if (!capabilities && profiles[0]) return profiles[0];
    const choice = capabilities && placement.choose(profiles, capabilities);
    if (choice?.profile) return choice.profile;
    const errors = (choice?.assessed ?? []).flatMap(({ profile, eligibility }) =>
      eligibility.reasons.map((reason) => ({ field: client.id, message: `profile ${profile.id}: ${reason}` })),
    );
    const why = errors[0]?.message ?? `it has no profile of the type ${present.deployment.profile.type}`;
    throw new Problem(problems.conflict, `${client.name} cannot run version ${solution.version}: ${why}`, { errors });
  }
}

/** In every form: a device may speak another one later. @throws Problem 422 */
function mustBeReadable(deployment: Deployment): void {
  const forms = ['D1', 'D2'] as const;
  const size = Math.max(...forms.map((form) => renderDeployment(deployment, form).byteLength));
  if (size <= documentLimit) return;
  const message = `the document that the device would get has ${size} bytes; a device reads at most ${documentLimit}`;
  throw new Problem(problems.semanticError, message);
}

function cannotChange({ id, name }: StoredInstance, field: string, how: string): Problem {
  const message = `deployment ${name} (${id}) ${how}, and that cannot change; delete it and create another`;
  return new Problem(problems.conflict, message, { errors: [{ field, message }] });
}

/** The state of an instance that {@link Planner.next} has changed, by what the manifest made of it. */
export function published(changed: StoredInstance, { version, renews }: NextManifest): StoredInstance {
  // The device gets the same bytes as before and will report nothing: what it reported still holds.
  if (!renews(changed.id)) return changed;
  const { report: _, reportedAt: __, ...rest } = changed;
  return { ...rest, operation: 'UPDATE', state: 'UPDATING', updatedIn: version };
}

function mustBeSameApplication({ applicationId, packageId }: Solution, present: StoredInstance): void {
  if (applicationId === present.applicationId) return;
  const message = `package ${packageId} is ${applicationId}, but deployment ${present.id} is ${present.applicationId}; delete it and create another`;
  throw new Problem(problems.semanticError, message, { errors: [{ field: 'packageId', message }] });
}
