import type { FileHandle } from 'node:fs/promises';
import { join } from 'node:path';
import type { Clock } from '../../core/plugin/index.js';
import { isDigest, isRepositoryName, isTag } from '../../core/ports/index.js';
import { Turns } from '../../core/work/index.js';
import { DistributionFault } from './fault.js';
import { type IndexEntry, indexEntry, Layout, subjectOf, tagOf, untagged } from './layout.js';
import { type ManifestFacts, readManifest } from './manifest.js';
import { type UploadLimits, Uploads } from './uploads.js';

export interface StoredManifest {
  readonly mediaType: string;
  readonly digest: string;
  readonly bytes: Uint8Array;
}

export interface StoredBlob {
  readonly size: number;
  /** The caller closes it. */
  readonly file: FileHandle;
}

/**
 * What a registry keeps, without a protocol: for each repository one OCI image layout in `<root>/<name>/_oci`.
 * (No component of a repository name begins with `_`, so these folders and `_uploads` meet no repository.)
 *
 * - A blob can be read when its digest has been verified, a manifest when all that it names is there.
 * - What a call has answered survives kill -9 and a power cut; what it has not is there wholly or not at all.
 * - All faults of a caller are {@link DistributionFault}.
 */
export class RegistryStorage {
  readonly uploads: Uploads;
  readonly #writes = new Turns();

  constructor(
    private readonly root: string,
    limits: UploadLimits,
    clock: Clock,
  ) {
    this.uploads = new Uploads(join(root, '_uploads'), limits, clock);
  }

  async blobSize(repository: string, digest: string): Promise<number> {
    const size = await this.#layout(repository).blobSize(checkedDigest(digest));
    if (size === undefined) throw blobUnknown(repository, digest);
    return size;
  }

  async blob(repository: string, digest: string): Promise<StoredBlob> {
    const file = await this.#layout(repository).openBlob(checkedDigest(digest));
    if (file === undefined) throw blobUnknown(repository, digest);
    return { file, size: (await file.stat()).size };
  }

  beginUpload(repository: string): Promise<string> {
    checkedName(repository);
    return this.uploads.begin(repository);
  }

  /** Verifies what was uploaded and makes it a blob. */
  async finishUpload(repository: string, upload: string, digest: string): Promise<void> {
    const layout = this.#layout(repository);
    checkedDigest(digest);
    await this.uploads.finish(repository, upload, digest, (path) => layout.adoptBlob(path, digest));
  }

  /** Makes a blob of one repository one of another as well. @returns false when there is nothing to share */
  async mountBlob(repository: string, from: string, digest: string): Promise<boolean> {
    const [to, source] = [this.#layout(repository), this.#layout(from)];
    return (await source.blobSize(checkedDigest(digest))) !== undefined && to.linkBlob(source, digest);
  }

  async deleteBlob(repository: string, digest: string): Promise<void> {
    const layout = this.#layout(repository);
    await this.#writes.take(repository, async () => {
      await this.blobSize(repository, digest);
      if ((await this.#held(layout, (await layout.entries()) ?? [])).has(digest)) {
        throw new DistributionFault(405, 'UNSUPPORTED', `${digest} belongs to a manifest; delete that`);
      }
      await layout.removeBlob(digest);
    });
  }

  /** @param reference a tag, or the digest of these very bytes */
  async putManifest(
    repository: string,
    reference: string,
    mediaType: string,
    bytes: Uint8Array,
  ): Promise<ManifestFacts> {
    const layout = this.#layout(repository);
    const facts = readManifest(bytes, mediaType);
    const tag = isTag(reference) ? reference : undefined;
    if (tag === undefined && checkedDigest(reference) !== facts.digest) {
      throw new DistributionFault(400, 'DIGEST_INVALID', `the manifest is ${facts.digest}, not ${reference}`);
    }
    await this.#writes.take(repository, async () => {
      await this.#demand(layout, facts);
      await layout.writeBlob(facts.digest, bytes);
      await layout.writeEntries(placed((await layout.entries()) ?? [], facts, tag));
    });
    return facts;
  }

  async manifest(repository: string, reference: string): Promise<StoredManifest> {
    const layout = this.#layout(repository);
    const entry = find((await layout.entries()) ?? [], reference);
    const bytes = entry && (await layout.readBlob(entry.digest));
    if (!bytes) throw manifestUnknown(repository, reference);
    return { mediaType: entry.mediaType, digest: entry.digest, bytes };
  }

  /** By tag: the tag alone. By digest: all its tags, the manifest, and the blobs that no other manifest names. */
  async deleteManifest(repository: string, reference: string): Promise<void> {
    const layout = this.#layout(repository);
    await this.#writes.take(repository, async () => {
      const entries = (await layout.entries()) ?? [];
      const entry = find(entries, reference);
      if (!entry) throw manifestUnknown(repository, reference);
      if (isTag(reference)) return layout.writeEntries(placed(entries, undefined, reference));
      const left = entries.filter(({ digest }) => digest !== entry.digest);
      const [mine, theirs] = [await this.#held(layout, [entry]), await this.#held(layout, left)];
      await layout.writeEntries(left);
      for (const digest of mine) if (!theirs.has(digest)) await layout.removeBlob(digest);
    });
  }

  /** All tags in code-unit order. */
  async tags(repository: string): Promise<readonly string[]> {
    const entries = await this.#layout(repository).entries();
    if (entries === undefined) {
      throw new DistributionFault(404, 'NAME_UNKNOWN', `nothing was ever pushed to ${repository}`);
    }
    return entries.flatMap((entry) => tagOf(entry) ?? []).sort();
  }

  /** Manifests that name this one as their subject; none is no fault (OCI Distribution v1.1, "Listing Referrers"). */
  async referrers(repository: string, digest: string): Promise<readonly ManifestFacts[]> {
    const layout = this.#layout(repository);
    checkedDigest(digest);
    const found = new Map(
      ((await layout.entries()) ?? []).filter((entry) => subjectOf(entry) === digest).map((one) => [one.digest, one]),
    );
    const facts = await Promise.all([...found.values()].map((entry) => this.#facts(layout, entry)));
    return facts.flatMap((one) => one ?? []);
  }

  #layout(repository: string): Layout {
    return new Layout(join(this.root, ...checkedName(repository).split('/'), '_oci'), this.uploads.folder);
  }

  /** Everything that a manifest names must be here before it may be. */
  async #demand(layout: Layout, facts: ManifestFacts): Promise<void> {
    const entries = facts.manifests.length > 0 ? ((await layout.entries()) ?? []) : [];
    for (const { digest, size } of [...facts.blobs, ...facts.manifests]) {
      const found = await layout.blobSize(digest);
      const known = facts.blobs.some((blob) => blob.digest === digest) || find(entries, digest) !== undefined;
      if (found === undefined || !known) {
        throw new DistributionFault(400, 'MANIFEST_BLOB_UNKNOWN', `${digest} is not here; push it first`, {
          detail: { digest },
        });
      }
      if (found !== size) {
        throw new DistributionFault(400, 'MANIFEST_INVALID', `${digest} has ${found} bytes, the manifest says ${size}`);
      }
    }
  }

  /** The digests of these manifests and of the blobs that they name. */
  async #held(layout: Layout, entries: readonly IndexEntry[]): Promise<Set<string>> {
    const all = await Promise.all(entries.map((entry) => this.#facts(layout, entry)));
    const held = new Set(entries.map(({ digest }) => digest));
    for (const facts of all) for (const { digest } of facts?.blobs ?? []) held.add(digest);
    return held;
  }

  async #facts(layout: Layout, entry: IndexEntry): Promise<ManifestFacts | undefined> {
    const bytes = await layout.readBlob(entry.digest);
    return bytes && readManifest(bytes, entry.mediaType);
  }
}

function find(entries: readonly IndexEntry[], reference: string): IndexEntry | undefined {
  return isTag(reference)
    ? entries.find((entry) => tagOf(entry) === reference)
    : entries.find(({ digest }) => digest === checkedDigest(reference));
}

/** The index after `tag` (or no tag) points to a manifest; a manifest that loses its last tag stays, untagged. */
function placed(
  entries: readonly IndexEntry[],
  facts: ManifestFacts | undefined,
  tag: string | undefined,
): readonly IndexEntry[] {
  const old = tag === undefined ? undefined : entries.find((entry) => tagOf(entry) === tag);
  const next = entries.filter(
    (entry) => entry !== old && (tagOf(entry) !== undefined || entry.digest !== facts?.digest),
  );
  const kept = (digest: string) => next.some((entry) => entry.digest === digest);
  if (old && old.digest !== facts?.digest && !kept(old.digest)) next.push(untagged(old));
  if (facts && (tag !== undefined || !kept(facts.digest))) next.push(indexEntry(facts, tag));
  return next;
}

function checkedName(repository: string): string {
  if (isRepositoryName(repository)) return repository;
  throw new DistributionFault(
    400,
    'NAME_INVALID',
    `${JSON.stringify(repository.slice(0, 300))} is not a repository name`,
  );
}

function checkedDigest(digest: string): string {
  if (isDigest(digest) && digest.startsWith('sha256:')) return digest;
  throw new DistributionFault(400, 'DIGEST_INVALID', `${JSON.stringify(digest.slice(0, 300))} is not a sha256 digest`);
}

function blobUnknown(repository: string, digest: string): DistributionFault {
  return new DistributionFault(404, 'BLOB_UNKNOWN', `${repository} has no blob ${digest}`);
}

function manifestUnknown(repository: string, reference: string): DistributionFault {
  return new DistributionFault(404, 'MANIFEST_UNKNOWN', `${repository} has no manifest ${reference}`);
}
