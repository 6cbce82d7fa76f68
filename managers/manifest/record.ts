import { blobs, type Change, collection, type Expectation, put, remove } from '../../core/ports/index.js';
import type { ComposedManifest, SignedForm } from '../margo/index.js';

/** What a manifest refers to. */
export interface Contents {
  readonly bundle: string | null;
  readonly deployments: readonly { readonly id: string; readonly digest: string }[];
}

/** An ETag that this store never issued, and how often it moved the epoch. */
export interface ForeignEtag {
  readonly etag: string;
  readonly times: number;
  /** Milliseconds since the epoch. */
  readonly at: number;
}

/** A client's manifest as it is kept. */
export interface ManifestRecord {
  readonly version: number;
  readonly epoch: number;
  /** The form that the deployments are written in. */
  readonly form: SignedForm;
  /** The exact bytes; canonical JSON is well-formed UTF-8. */
  readonly text: string;
  readonly etag: string;
  readonly contents: Contents;
  /** What each of the newest changes left out, newest first: a client in the middle of a sync still gets it. */
  readonly retired: readonly Contents[];
  /** The newest version that the client was given or showed to have. */
  readonly delivered: number;
  /** ETags that were made, newest last. */
  readonly issued: readonly string[];
  readonly foreign?: ForeignEtag;
}

export const manifests = collection<ManifestRecord>('manifests');

/** Bundles and deployments under {@link blobKey}: a client's own, never shared, so that none can reach another's. */
export const manifestBlobs = blobs('manifest-blobs');

export const blobKey = (clientId: string, digest: string): string => `${clientId}/${digest}`;

/** For how many earlier manifests everything can still be fetched. */
export const keptManifests = 3;
/** How many ETags are known again; an older one counts as foreign, which costs a version jump and nothing else. */
export const keptEtags = 64;

export const noContents: Contents = Object.freeze({ bundle: null, deployments: Object.freeze([]) });

export function contentsOf(composed: ComposedManifest): Contents {
  return {
    bundle: composed.bundle?.digest ?? null,
    deployments: composed.blobs.map(({ deploymentId, digest }) => ({ id: deploymentId, digest })),
  };
}

/** The record that follows `base` when `composed` is published. */
export function successor(
  base: ManifestRecord,
  composed: ComposedManifest,
  form: SignedForm,
  epoch: number,
  foreign = base.foreign,
): ManifestRecord {
  const contents = contentsOf(composed);
  return {
    version: composed.version,
    epoch,
    form,
    text: Buffer.from(composed.manifestBytes).toString('utf8'),
    etag: composed.etag,
    contents,
    retired: [leftOut(base.contents, contents), ...base.retired].slice(0, keptManifests),
    delivered: base.delivered,
    issued: [...base.issued, composed.etag].slice(-keptEtags),
    ...(foreign && { foreign }),
  };
}

function leftOut(before: Contents, after: Contents): Contents {
  const kept = new Set(digests(after));
  return {
    bundle: before.bundle !== null && !kept.has(before.bundle) ? before.bundle : null,
    deployments: before.deployments.filter(({ digest }) => !kept.has(digest)),
  };
}

function digests({ bundle, deployments }: Contents): string[] {
  return [...(bundle === null ? [] : [bundle]), ...deployments.map(({ digest }) => digest)];
}

/** Digests of all blobs that are kept for a record. */
export function keptDigests(record: Pick<ManifestRecord, 'contents' | 'retired'>): Set<string> {
  return new Set([record.contents, ...record.retired].flatMap(digests));
}

/** The changes that publish `next`: its record, the blobs that are new with it, and without those nobody can need. */
export function publication(
  clientId: string,
  base: ManifestRecord,
  next: ManifestRecord,
  composed: ComposedManifest,
  expect: Expectation,
): Change[] {
  const before = keptDigests(base);
  const after = keptDigests(next);
  const bytes = new Map(composed.blobs.map((blob) => [blob.digest, blob.bytes]));
  if (composed.bundle) bytes.set(composed.bundle.digest, composed.bundle.bytes);
  return [
    put(manifests, clientId, next, expect),
    ...[...bytes].flatMap(([digest, blob]) =>
      before.has(digest) ? [] : [put(manifestBlobs, blobKey(clientId, digest), blob)],
    ),
    ...[...before].flatMap((digest) => (after.has(digest) ? [] : [remove(manifestBlobs, blobKey(clientId, digest))])),
  ];
}

/** The changes that remove everything of a client. */
export function withdrawal(
  clientId: string,
  record: Pick<ManifestRecord, 'contents' | 'retired'>,
  expect: Expectation,
): Change[] {
  return [
    remove(manifests, clientId, expect),
    ...[...keptDigests(record)].map((digest) => remove(manifestBlobs, blobKey(clientId, digest))),
  ];
}

/** Those of the deployments that the manifest does not list yet, or lists with other bytes. */
export function renewedIn(contents: Contents, deployments: Contents['deployments']): ReadonlySet<string> {
  const known = new Map(contents.deployments.map(({ id, digest }) => [id, digest]));
  return new Set(deployments.flatMap(({ id, digest }) => (known.get(id) === digest ? [] : [id])));
}
