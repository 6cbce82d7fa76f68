import { z } from '../../../core/plugin/index.js';
import { type ArtifactManifest, type Descriptor, isDigest } from '../../../core/ports/index.js';

export const mediaTypes = {
  manifest: 'application/vnd.oci.image.manifest.v1+json',
  index: 'application/vnd.oci.image.index.v1+json',
  dockerManifest: 'application/vnd.docker.distribution.manifest.v2+json',
  dockerList: 'application/vnd.docker.distribution.manifest.list.v2+json',
} as const;

/** image-spec v1.1, manifest.md, "Guidance for an Empty Descriptor". */
export const emptyConfig = {
  mediaType: 'application/vnd.oci.empty.v1+json',
  bytes: new TextEncoder().encode('{}'),
} as const;

const annotations = z.record(z.string(), z.string());
const descriptor = z.object({
  mediaType: z.string(),
  digest: z.string().refine(isDigest, 'not a digest'),
  size: z.int().nonnegative(),
  annotations: annotations.nullish(),
  artifactType: z.string().nullish(),
});
const typed = z.object({ mediaType: z.string().nullish() });
const image = z.object({
  schemaVersion: z.literal(2),
  mediaType: z.string().nullish(),
  artifactType: z.string().nullish(),
  config: descriptor,
  layers: z.array(descriptor),
  subject: descriptor.nullish(),
  annotations: annotations.nullish(),
});
const index = z.object({
  schemaVersion: z.literal(2),
  manifests: z.array(
    descriptor.extend({ platform: z.object({ os: z.string(), architecture: z.string() }).optional() }),
  ),
});

export type Listed = z.output<typeof index>['manifests'][number];

export type ReadManifest =
  | { readonly kind: 'manifest'; readonly mediaType: string; readonly manifest: ArtifactManifest }
  | { readonly kind: 'index'; readonly mediaType: string; readonly manifests: readonly Listed[] };

const known: ReadonlySet<string> = new Set(Object.values(mediaTypes));

/**
 * Reads a manifest or index, tolerant of what it does not know and of the nulls that some writers leave.
 *
 * @param contentType as received; plain file servers send what they like, so the document's own mediaType may stand in
 * @throws Error with a text that says what is wrong, for a caller who knows where it came from
 */
export function readManifest(bytes: Uint8Array, contentType: string): ReadManifest {
  const json: unknown = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes));
  const sent = contentType.split(';')[0]?.trim().toLowerCase() ?? '';
  const own = parsed(typed, json).mediaType ?? undefined;
  // One document must not be two things to two readers (CVE-2021-41190).
  if (own !== undefined && known.has(sent) && own !== sent) throw new Error(`it says ${own} and was sent as ${sent}`);
  const mediaType = known.has(sent) ? sent : (own ?? mediaTypes.manifest);
  if (!known.has(mediaType)) throw new Error(`its media type is ${mediaType}`);
  if (mediaType === mediaTypes.index || mediaType === mediaTypes.dockerList) {
    return { kind: 'index', mediaType, manifests: parsed(index, json).manifests };
  }
  const { config, layers, subject, ...rest } = parsed(image, json);
  const manifest = {
    ...withoutNulls(rest),
    schemaVersion: rest.schemaVersion,
    config: toDescriptor(config),
    layers: layers.map(toDescriptor),
    ...(subject && { subject: toDescriptor(subject) }),
  };
  return { kind: 'manifest', mediaType, manifest };
}

function parsed<S extends z.ZodType>(schema: S, json: unknown): z.output<S> {
  const result = schema.safeParse(json);
  if (result.success) return result.data;
  throw new Error(result.error.issues.map(({ path, message }) => `${path.join('.')}: ${message}`).join('; '));
}

export function toDescriptor({ mediaType, digest, size, ...rest }: z.output<typeof descriptor>): Descriptor {
  return { mediaType, digest, size, ...withoutNulls(rest) };
}

function withoutNulls<T extends object>(value: T): { [K in keyof T]?: NonNullable<T[K]> } {
  return Object.fromEntries(Object.entries(value).filter(([, one]) => one !== undefined && one !== null)) as {
    [K in keyof T]?: NonNullable<T[K]>;
  };
}
