import { type FieldFault, Problem, problems } from '../../core/operation/index.js';
import type { Json } from '../../core/ports/index.js';
import type { DeviceManager, DeviceRecord } from '../device/index.js';
import type { DeploymentProfile, DeviceCapabilities } from '../margo/index.js';
import type { PlacementManager } from '../placement/index.js';
import type { Solution } from '../solution/index.js';
import type { DeviceSelector } from './index.js';

/** Where an instance goes, and as what. */
export interface Place {
  readonly client: DeviceRecord;
  readonly deviceId: string;
  readonly profile: DeploymentProfile;
}

/** One device of a client. */
interface Candidate {
  readonly client: DeviceRecord;
  readonly capabilities: DeviceCapabilities | undefined;
}

/** Reasons in one answer: enough to see what is wrong with a fleet, not a page for each device. */
const mostReasons = 50;

/**
 * The profiles that may be deployed, in the package's order.
 * @param wanted id or type of the profile
 * @throws Problem 422 when there is no such profile
 */
export function wantedProfiles(solution: Solution, wanted: string | undefined): readonly DeploymentProfile[] {
  if (wanted === undefined) return solution.profiles;
  const byId = solution.profiles.filter(({ id }) => id === wanted);
  const found = byId.length > 0 ? byId : solution.profiles.filter(({ type }) => type === wanted);
  if (found.length > 0) return found;
  const there = solution.profiles.map(({ id, type }) => `${id} (${type})`).join(', ');
  const message = `the package has no profile ${wanted}; it has ${there}`;
  throw new Problem(problems.semanticError, message, { errors: [{ field: 'profile', message }] });
}

/**
 * The first device that can run one of the profiles.
 * @throws Problem 404 for an unknown device, 409 with the reasons of every candidate, 422 for a selector that cannot be
 */
export async function choosePlace(
  selector: DeviceSelector,
  profiles: readonly DeploymentProfile[],
  devices: Pick<DeviceManager, 'get' | 'list'>,
  placement: PlacementManager,
): Promise<Place> {
  const errors: FieldFault[] = [];
  for await (const candidate of candidates(selector, devices, placement)) {
    const place = assess(candidate, profiles, placement);
    if (!Array.isArray(place)) return place;
    errors.push(...place.slice(0, mostReasons - errors.length));
  }
  const why = errors[0]?.message ?? 'no onboarded device has these labels';
  const more = errors.length > 1 ? ` (and ${errors.length - 1} more)` : '';
  throw new Problem(problems.conflict, `it can be placed nowhere: ${why}${more}`, { errors });
}

function assess(
  { client, capabilities }: Candidate,
  profiles: readonly DeploymentProfile[],
  placement: PlacementManager,
): Place | FieldFault[] {
  if (!capabilities) return [{ field: client.id, message: `${client.name} has not reported its capabilities yet` }];
  const { profile, assessed } = placement.choose(profiles, capabilities);
  if (profile) return { client, deviceId: capabilities.id, profile };
  return assessed.flatMap(({ profile: refused, eligibility }) =>
    eligibility.reasons.map((reason) => ({
      field: client.id,
      message: `${capabilities.id}, profile ${refused.id}: ${reason}`,
    })),
  );
}

async function* candidates(
  selector: DeviceSelector,
  devices: Pick<DeviceManager, 'get' | 'list'>,
  placement: PlacementManager,
): AsyncGenerator<Candidate, void, undefined> {
  if ('id' in selector) {
    const client = await devices.get(selector.id);
    mustBeOnboarded(client);
    yield* devicesOf(client);
    return;
  }
  const labels = scalarLabels(selector.labels);
  const [first] = Object.entries(labels);
  const query = first ? { label: { key: first[0], value: String(first[1]) } } : { state: 'ONBOARDED' as const };
  for (let after: string | undefined; ; ) {
    const page = await devices.list({ ...query, ...(after !== undefined && { after }) });
    yield* placement.candidates(page.items.flatMap(devicesOf), labels);
    if (page.next === undefined) return;
    after = page.next;
  }
}

/** Whether a selector could have chosen this device of a client. @throws Problem 422 */
export function isChosenBy(
  selector: DeviceSelector,
  client: DeviceRecord,
  deviceId: string,
  placement: Pick<PlacementManager, 'candidates'>,
): boolean {
  if ('id' in selector) return selector.id === client.id;
  const itself = devicesOf(client).filter(({ capabilities }) => capabilities?.id === deviceId);
  return placement.candidates(itself, scalarLabels(selector.labels)).length > 0;
}

function devicesOf(client: DeviceRecord): Candidate[] {
  const reported = Object.values(client.capabilities);
  return reported.length > 0
    ? reported.map((capabilities) => ({ client, capabilities }))
    : [{ client, capabilities: undefined }];
}

/** @throws Problem 409 */
export function mustBeOnboarded({ id, name, state }: DeviceRecord): void {
  if (state !== 'ONBOARDED') {
    throw new Problem(
      problems.conflict,
      `device ${name} (${id}) is ${state}; only an onboarded one can be deployed to`,
    );
  }
}

type Scalar = string | number | boolean;

function scalarLabels(labels: Readonly<Record<string, Json>>): Record<string, Scalar> {
  const isScalar = (value: Json | undefined): value is Scalar =>
    typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean';
  const errors = Object.entries(labels).flatMap(([key, value]) =>
    isScalar(value) ? [] : [{ field: `device.labels.${key}`, message: 'must be a text, a number or a boolean' }],
  );
  const [first] = errors;
  if (first) throw new Problem(problems.semanticError, `${first.field} ${first.message}`, { errors });
  return Object.fromEntries(Object.entries(labels).flatMap(([key, value]) => (isScalar(value) ? [[key, value]] : [])));
}
