import { z } from 'zod';
import type { FieldFault } from '../../../core/operation/index.js';
import { isDeploymentId } from '../deployment/read.js';
import { isDigest } from '../digest.js';
import { fieldFaults } from '../document/fields.js';
import { mediaTypes } from '../media-types.js';

export interface BundleReference {
  readonly mediaType: string;
  readonly digest: string;
  /** Advisory: never a proof of anything. */
  readonly sizeBytes?: number;
  readonly url?: string;
}

export interface DeploymentReference {
  readonly deploymentId: string;
  readonly digest: string;
  readonly sizeBytes?: number;
  readonly url?: string;
}

export interface Manifest {
  readonly version: number;
  /** `null` exactly when there are no deployments. */
  readonly bundle: BundleReference | null;
  readonly deployments: readonly DeploymentReference[];
}

export interface ManifestReading {
  /** Absent exactly when there are faults. */
  readonly manifest?: Manifest;
  readonly faults: readonly FieldFault[];
}

const digest = z.string().refine(isDigest, 'must be sha256: and 64 lower-case hex digits');
/** Advisory, so that a wrong one is no fault; one that is no number is ignored. */
const size = z.number().min(0).optional().catch(undefined);
const url = z.string().optional().catch(undefined);

const manifestSchema = z.looseObject({
  manifestVersion: z.int().min(1),
  bundle: z.looseObject({ mediaType: z.literal(mediaTypes.bundle), digest, sizeBytes: size, url }).nullable(),
  deployments: z
    .array(
      z.looseObject({
        deploymentId: z.string().refine(isDeploymentId, 'must be letters, digits, ".", "_", "~" and "-"'),
        digest,
        sizeBytes: size,
        url,
      }),
    )
    .max(100_000),
});

/** Reads a state manifest (section "Desired State") as a client must: one fault makes all of it invalid. */
export function readManifest(bytes: Uint8Array): ManifestReading {
  let document: unknown;
  try {
    document = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes));
  } catch (error) {
    return { faults: [{ field: '', message: `is not JSON: ${(error as Error).message}` }] };
  }
  const parsed = manifestSchema.safeParse(document);
  if (!parsed.success) return { faults: fieldFaults(parsed.error.issues) };
  const { manifestVersion, bundle, deployments } = parsed.data;
  const faults: FieldFault[] = [];
  if (bundle === null && deployments.length > 0)
    faults.push({ field: 'bundle', message: 'must not be null where there are deployments' });
  if (bundle !== null && deployments.length === 0)
    faults.push({ field: 'bundle', message: 'must be null where there are no deployments' });
  const seen = new Set<string>();
  for (const [index, { deploymentId }] of deployments.entries()) {
    if (seen.has(deploymentId)) faults.push({ field: `deployments.${index}.deploymentId`, message: 'is listed twice' });
    seen.add(deploymentId);
  }
  if (faults.length > 0) return { faults };
  return {
    manifest: {
      version: manifestVersion,
      bundle: bundle && { mediaType: bundle.mediaType, digest: bundle.digest, ...advice(bundle) },
      deployments: deployments.map((reference) => ({
        deploymentId: reference.deploymentId,
        digest: reference.digest,
        ...advice(reference),
      })),
    },
    faults: [],
  };
}

type Advice = Pick<BundleReference, 'sizeBytes' | 'url'>;

function advice(of: { sizeBytes?: number | undefined; url?: string | undefined }): Advice {
  return {
    ...(of.sizeBytes !== undefined && { sizeBytes: of.sizeBytes }),
    ...(of.url !== undefined && { url: of.url }),
  };
}
