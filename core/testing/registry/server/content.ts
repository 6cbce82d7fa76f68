import { createHash } from 'node:crypto';
import type { ArtifactManifest, ArtifactToPush, Descriptor } from '../../../ports/index.js';

export const manifestType = 'application/vnd.oci.image.manifest.v1+json';
export const indexType = 'application/vnd.oci.image.index.v1+json';

export function digestOf(bytes: Uint8Array): string {
  return `sha256:${createHash('sha256').update(bytes).digest('hex')}`;
}

export interface StoredManifest {
  readonly mediaType: string;
  readonly bytes: Uint8Array;
}

/** What a registry holds under one name. */
export class Repository {
  readonly blobs = new Map<string, Uint8Array>();
  readonly manifests = new Map<string, StoredManifest>();
  /** Digests of manifests. */
  readonly tags = new Map<string, string>();

  manifest(reference: string): StoredManifest | undefined {
    return this.manifests.get(this.tags.get(reference) ?? reference);
  }

  /** The index of all manifests that name a digest as their subject. */
  referrersOf(digest: string): Uint8Array {
    const manifests = [...this.manifests.values()].flatMap(({ mediaType, bytes }) => {
      const { subject, artifactType }: ArtifactManifest = JSON.parse(Buffer.from(bytes).toString());
      return subject?.digest === digest ? [{ ...describe(mediaType, bytes), artifactType }] : [];
    });
    return Buffer.from(JSON.stringify({ schemaVersion: 2, mediaType: indexType, manifests }));
  }
}

/** An artifact that was put into a registry past the provider under test. */
export interface SeededArtifact {
  readonly descriptor: Descriptor;
  readonly manifest: ArtifactManifest;
  /** The exact bytes of the manifest. */
  readonly bytes: Uint8Array;
  readonly layers: readonly { readonly descriptor: Descriptor; readonly bytes: Uint8Array }[];
}

/** Puts an artifact into a repository, and the tag to it. @param subject what it refers to */
export function seed(
  repository: Repository,
  artifact: ArtifactToPush,
  tag?: string,
  subject?: Descriptor,
): SeededArtifact {
  const { artifactType, annotations, config = { mediaType: emptyType, bytes: Buffer.from('{}') } } = artifact;
  const layers = artifact.layers.map(({ mediaType, bytes, annotations: labels }) => ({
    descriptor: { ...describe(mediaType, bytes), ...(labels && { annotations: labels }) },
    bytes,
  }));
  const manifest: ArtifactManifest = {
    schemaVersion: 2,
    mediaType: manifestType,
    artifactType,
    config: describe(config.mediaType, config.bytes),
    layers: layers.map(({ descriptor }) => descriptor),
    ...(annotations && { annotations }),
    ...(subject && { subject }),
  };
  // Not as any library would print it: a digest is one of bytes, not of what they say.
  const bytes = Buffer.from(`${JSON.stringify(manifest, undefined, 3)}\n`);
  const descriptor = describe(manifestType, bytes);
  for (const blob of [config, ...layers]) repository.blobs.set(digestOf(blob.bytes), blob.bytes);
  repository.manifests.set(descriptor.digest, { mediaType: manifestType, bytes });
  if (tag !== undefined) repository.tags.set(tag, descriptor.digest);
  return { descriptor, manifest, bytes, layers };
}

/** image-spec v1.1, manifest.md, "Guidance for an Empty Descriptor". */
const emptyType = 'application/vnd.oci.empty.v1+json';

function describe(mediaType: string, bytes: Uint8Array): Descriptor {
  return { mediaType, digest: digestOf(bytes), size: bytes.byteLength };
}
