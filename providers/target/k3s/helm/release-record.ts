import { gunzipSync, gzipSync } from 'node:zlib';
import { type Json, z } from '../../../../core/plugin/index.js';
import type { KubernetesObject } from '../kubernetes.js';

/** As Helm has them (pkg/release/status.go). */
const releaseStatuses = [
  'deployed',
  'failed',
  'superseded',
  'uninstalled',
  'uninstalling',
  'pending-install',
  'pending-upgrade',
  'pending-rollback',
  'unknown',
] as const;
export type ReleaseStatus = (typeof releaseStatuses)[number];

const payload = z.looseObject({
  name: z.string(),
  namespace: z.string().default(''),
  version: z.number(),
  info: z.looseObject({
    status: z.enum(releaseStatuses).catch('unknown'),
    description: z.string().default(''),
    last_deployed: z.string().optional(),
  }),
  chart: z
    .looseObject({
      metadata: z.looseObject({ name: z.string().default(''), version: z.string().default('') }).optional(),
    })
    .optional(),
  config: z.record(z.string(), z.json()).nullish(),
  manifest: z.string().default(''),
});
export type ReleasePayload = z.output<typeof payload>;

/** One revision of a Helm release, as its Secret (type `helm.sh/release.v1`) has it. */
export interface ReleaseRevision {
  readonly name: string;
  readonly namespace: string;
  readonly revision: number;
  readonly status: ReleaseStatus;
  /** What Helm says of it: `Upgrade complete`, or why it failed. */
  readonly description: string;
  readonly chartVersion: string;
  /** What was given, without the chart's own. */
  readonly values: { readonly [name: string]: Json | undefined };
  readonly manifest: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly secret: { readonly name: string; readonly uid?: string };
}

/** @returns nothing for what is no release that can be read */
export function readRevision(secret: KubernetesObject): ReleaseRevision | undefined {
  const found = readPayload(secret);
  if (found === undefined) return undefined;
  const { name, namespace, uid, labels = {} } = secret.metadata;
  return {
    name: found.name,
    namespace: found.namespace === '' ? (namespace ?? 'default') : found.namespace,
    revision: found.version,
    status: found.info.status,
    description: found.info.description,
    chartVersion: found.chart?.metadata?.version ?? '',
    values: found.config ?? {},
    manifest: found.manifest,
    labels,
    secret: { name, ...(uid !== undefined && { uid }) },
  };
}

/** What Helm has stored: base64 (its own) of gzip of JSON; the API puts base64 around the data of every Secret. */
export function readPayload(secret: KubernetesObject): ReleasePayload | undefined {
  const data = (secret['data'] as Readonly<Record<string, string>> | undefined)?.['release'];
  if (data === undefined) return undefined;
  try {
    const stored = Buffer.from(Buffer.from(data, 'base64').toString('latin1'), 'base64');
    // Helm before 3.0 did not compress.
    const json = stored[0] === 0x1f && stored[1] === 0x8b ? gunzipSync(stored) : stored;
    return payload.parse(JSON.parse(json.toString()));
  } catch {
    // Somebody else's, or broken: none that Helm itself could read.
    return undefined;
  }
}

/** The other way round: the `release` of a Secret's data. */
export function encodePayload(release: object): string {
  const stored = gzipSync(Buffer.from(JSON.stringify(release))).toString('base64');
  return Buffer.from(stored, 'latin1').toString('base64');
}

/** The newest first. */
export function revisionsOf(secrets: readonly KubernetesObject[], name: string, namespace: string): ReleaseRevision[] {
  return secrets
    .map(readRevision)
    .filter((each) => each !== undefined)
    .filter((each) => each.name === name && each.namespace === namespace)
    .sort((a, b) => b.revision - a.revision);
}

/** The newest that was wholly applied and is not replaced by a later one. */
export function deployedRevision(history: readonly ReleaseRevision[]): ReleaseRevision | undefined {
  return history.find(({ status }) => status === 'deployed');
}
