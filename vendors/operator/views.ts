import type { ListedArtifact, ScanReport } from '../../core/plugin/index.js';
import type { OfferPage, PackageRecord } from '../../managers/catalog/index.js';
import type { DeviceRecord } from '../../managers/device/index.js';
import type { InstanceRecord } from '../../managers/instance/index.js';
import type { SignedForm } from '../../managers/margo/index.js';
import type { ArtifactItem, DeploymentAnswer, DeviceAnswer, PackageAnswer } from './answers.js';
import { continueToken } from './paging.js';

const apiVersion = 'non-margo.org';
const time = (milliseconds: number): string => new Date(milliseconds).toISOString();

/** One page of a list. */
export interface ListView<T> {
  readonly apiVersion: typeof apiVersion;
  readonly items: readonly T[];
  readonly metadata: { readonly continue?: string; readonly total: number };
}

/** One page, with a token that really continues (`metadata.continue`), and how many there are in all. */
export function listView<T>(items: readonly T[], next: string | undefined, total: number): ListView<T> {
  return {
    apiVersion,
    items,
    metadata: { ...(next !== undefined && { continue: next }), total },
  };
}

const packageOperation = {
  PENDING: 'PENDING',
  PROCESSING: 'PROCESSING',
  ONBOARDED: 'COMPLETED',
  FAILED: 'FAILED',
} as const;

export function packageView(record: PackageRecord): PackageAnswer {
  const { description, source } = record;
  return {
    apiVersion,
    kind: 'ApplicationPackage',
    id: record.id,
    metadata: { id: record.id, name: record.name, labels: record.labels, creationTimestamp: time(record.createdAt) },
    spec: {
      sourceType: 'OCI_REPO',
      source: {
        registryUrl: source.registry,
        repository: source.repository,
        ...(source.tag !== undefined && { tag: source.tag }),
        ...(source.digest !== undefined && { digest: source.digest }),
      },
      strict: record.strict,
    },
    ...(description && {
      application: {
        id: description.id,
        name: description.name,
        version: description.version,
        ...(description.description !== undefined && { description: description.description }),
        profiles: description.profiles.map(({ id, type, components }) => ({
          id,
          type,
          components: components.map(({ name }) => name),
        })),
        parameters: Object.fromEntries(
          Object.entries(description.parameters).map(([name, { value }]) => [name, value ?? null]),
        ),
      },
    }),
    ...(record.digest !== undefined && { digest: record.digest }),
    ...(record.upstream && { upstream: upstreamView(record.upstream) }),
    recentOperation: { op: 'ONBOARD', status: packageOperation[record.state] },
    status: {
      state: record.state === 'PROCESSING' ? 'PENDING' : record.state,
      ...(record.failure !== undefined && { contextualInfo: { code: 'IMPORT_FAILED', message: record.failure } }),
      faults: record.faults.map((finding) => ({ ...finding })),
      warnings: record.warnings.map((finding) => ({ ...finding })),
      lastUpdateTime: time(record.updatedAt),
    },
  };
}

function upstreamView({ checkedAt, there, scan }: NonNullable<PackageRecord['upstream']>) {
  return { there, checkedAt: time(checkedAt), ...(scan && { scan: scanView(scan) }) };
}

function scanView({ finishedAt, ...found }: ScanReport) {
  return { ...found, ...(finishedAt !== undefined && { finishedAt: time(finishedAt) }) };
}

export function artifactView({ tags, scan, ...found }: ListedArtifact): ArtifactItem {
  return { ...found, tags: [...tags], ...(scan && { scan: scanView(scan) }) };
}

/** A page of what a registry lists. @param list what is listed, as for {@link continueToken} */
export function offerView<T>(list: string, { items, next }: OfferPage<T>) {
  return {
    apiVersion,
    items: [...items],
    metadata: { ...(next !== undefined && { continue: continueToken(list, String(next)) }) },
  };
}

const running: readonly InstanceRecord['state'][] = ['INSTALLING', 'UPDATING', 'REMOVING'];

export function deploymentView(record: InstanceRecord & { readonly revision?: number }): DeploymentAnswer {
  const status =
    record.state === 'PENDING'
      ? 'PENDING'
      : record.state === 'FAILED'
        ? 'FAILED'
        : running.includes(record.state)
          ? 'PROCESSING'
          : 'COMPLETED';
  return {
    apiVersion,
    kind: 'ApplicationDeployment',
    id: record.id,
    metadata: {
      id: record.id,
      name: record.name,
      namespace: record.namespace,
      labels: record.labels,
      creationTimestamp: time(record.createdAt),
      ...(record.revision !== undefined && { revision: record.revision }),
    },
    spec: {
      appPackageRef: { id: record.packageId },
      applicationId: record.applicationId,
      version: record.version,
      deviceRef: { id: record.clientId },
      deviceId: record.deviceId,
      deploymentProfile: { id: record.profileId },
      parameters: record.values,
    },
    recentOperation: { op: record.operation, status },
    status: {
      state: record.state,
      components: (record.report?.components ?? []).map(({ name, state, error }) => ({
        name,
        state,
        ...(error && { error: { ...error } }),
      })),
      ...(record.report?.error && { error: { ...record.report.error } }),
      ...(record.reportedAt !== undefined && { lastReportTime: time(record.reportedAt) }),
      lastUpdateTime: time(record.updatedAt),
    },
  };
}

/** Whether a device can run a package, and if not, why. */
export interface Eligibility {
  readonly eligible: 'true' | 'false' | 'unknown';
  readonly reasons: readonly string[];
}

const onboarding = { PENDING: 'IN-PROGRESS', ONBOARDED: 'ONBOARDED', REJECTED: 'FAILED', REVOKED: 'FAILED' } as const;

export function deviceView(
  record: DeviceRecord,
  form: SignedForm,
  lastSeen: number | undefined,
  connected: boolean,
  { eligible, reasons }: Eligibility,
): DeviceAnswer {
  return {
    apiVersion,
    kind: 'Device',
    id: record.id,
    metadata: { id: record.id, name: record.name, creationTimestamp: time(record.createdAt) },
    eligible,
    reasons: [...reasons],
    spec: {
      fingerprint: record.fingerprint,
      form,
      capabilities: Object.values(record.capabilities).map(({ raw }) => raw),
    },
    state: {
      onboard: onboarding[record.state],
      approval: record.state,
      ...(lastSeen !== undefined && { lastSeen: time(lastSeen) }),
      connected,
    },
  };
}
