import { createHash } from 'node:crypto';
import { z } from 'zod';
import { isDigest } from '../../core/ports/index.js';
import { DistributionFault } from './fault.js';

export const mediaTypes = {
  manifest: 'application/vnd.oci.image.manifest.v1+json',
  index: 'application/vnd.oci.image.index.v1+json',
  dockerManifest: 'application/vnd.docker.distribution.manifest.v2+json',
  dockerList: 'application/vnd.docker.distribution.manifest.list.v2+json',
} as const;

const descriptor = z.object({
  mediaType: z.string().min(1),
  digest: z.string().refine(isDigest, 'not a digest'),
  size: z.int().nonnegative(),
  urls: z.array(z.string()).optional(),
});

const common = {
  schemaVersion: z.literal(2),
  mediaType: z.string().optional(),
  artifactType: z.string().optional(),
  subject: descriptor.optional(),
  annotations: z.record(z.string(), z.string()).optional(),
};
const imageManifest = z.object({ ...common, config: descriptor, layers: z.array(descriptor) });
const imageIndex = z.object({ ...common, manifests: z.array(descriptor) });

/** What a registry must know of a manifest; the bytes themselves stay as they were pushed. */
export interface ManifestFacts {
  readonly mediaType: string;
  readonly digest: string;
  readonly size: number;
  /** As the referrers API reports it: the manifest's own, or its config's media type. */
  readonly artifactType?: string;
  readonly annotations?: Readonly<Record<string, string>>;
  readonly subject?: string;
  /** Blobs that must be there before the manifest may be. */
  readonly blobs: readonly { readonly digest: string; readonly size: number }[];
  /** Manifests that must be there before the index may be. */
  readonly manifests: readonly { readonly digest: string; readonly size: number }[];
}

export function sha256(bytes: Uint8Array): string {
  return `sha256:${createHash('sha256').update(bytes).digest('hex')}`;
}

/**
 * Reads a manifest or index as pushed.
 *
 * @param mediaType the Content-Type without parameters
 * @throws DistributionFault 400 MANIFEST_INVALID
 */
export function readManifest(bytes: Uint8Array, mediaType: string): ManifestFacts {
  const invalid = (why: string) => new DistributionFault(400, 'MANIFEST_INVALID', `manifest: ${why}`);
  const isIndex = mediaType === mediaTypes.index || mediaType === mediaTypes.dockerList;
  if (!isIndex && mediaType !== mediaTypes.manifest && mediaType !== mediaTypes.dockerManifest) {
    throw invalid(`Content-Type ${JSON.stringify(mediaType)} is none of ${Object.values(mediaTypes).join(', ')}`);
  }
  let json: unknown;
  try {
    json = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes));
  } catch {
    // The parser's own text quotes the document; that it is no JSON says all.
    throw invalid('not JSON in UTF-8');
  }
  const parsed = (isIndex ? imageIndex : imageManifest).safeParse(json);
  if (!parsed.success) {
    throw invalid(parsed.error.issues.map(({ path, message }) => `${path.join('.')}: ${message}`).join('; '));
  }
  const { data } = parsed;
  if (data.mediaType !== undefined && data.mediaType !== mediaType) {
    throw invalid(`it says mediaType ${data.mediaType}, the request says Content-Type ${mediaType}`);
  }
  const artifactType = data.artifactType ?? ('config' in data ? data.config.mediaType : undefined);
  return {
    mediaType,
    digest: sha256(bytes),
    size: bytes.byteLength,
    ...(artifactType !== undefined && { artifactType }),
    ...(data.annotations && { annotations: data.annotations }),
    ...(data.subject && { subject: data.subject.digest }),
    // Layers with URLs live elsewhere (image-spec v1.1, descriptor.md) and need not be here.
    blobs: 'layers' in data ? [data.config, ...data.layers.filter(({ urls }) => urls === undefined)] : [],
    manifests: 'manifests' in data ? data.manifests.filter(({ urls }) => urls === undefined) : [],
  };
}
