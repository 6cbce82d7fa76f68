import { randomUUID } from 'node:crypto';
import { type FileHandle, link, open, readFile, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { syncDirectory } from '../../core/files/index.js';
import { makeFolder, publish, writeDurably } from './durable.js';
import type { ManifestFacts } from './manifest.js';

/** image-spec v1.1, annotations.md: the tag of an entry of `index.json`. */
const refName = 'org.opencontainers.image.ref.name';
/** Kept in the entry, so that the referrers of a manifest are found without opening every other. */
const subjectName = 'io.tutti.subject';

const indexFile = z.looseObject({
  schemaVersion: z.literal(2),
  manifests: z.array(
    z.looseObject({
      mediaType: z.string(),
      digest: z.string(),
      size: z.number(),
      annotations: z.record(z.string(), z.string()).optional(),
    }),
  ),
});
type Index = z.infer<typeof indexFile>;
export type IndexEntry = Index['manifests'][number];

export const tagOf = (entry: IndexEntry): string | undefined => entry.annotations?.[refName];
export const subjectOf = (entry: IndexEntry): string | undefined => entry.annotations?.[subjectName];

/**
 * One repository on the disk: an OCI image layout (image-spec v1.1, image-layout.md) that other programs can read, for
 * instance `skopeo inspect oci:<folder>:<tag>`. Files appear under their names wholly or not at all; `index.json` is
 * written last, so that what it names is there. Callers that write the index do so one at a time.
 */
export class Layout {
  constructor(
    readonly folder: string,
    /** On the same file system; emptied at start. */
    private readonly temporary: string,
  ) {}

  /** @returns the size in bytes, `undefined` when it is not here */
  async blobSize(digest: string): Promise<number | undefined> {
    return absentIsUndefined(async () => (await stat(this.#blob(digest))).size);
  }

  /** The caller closes the handle. */
  openBlob(digest: string): Promise<FileHandle | undefined> {
    return absentIsUndefined(() => open(this.#blob(digest), 'r'));
  }

  readBlob(digest: string): Promise<Buffer | undefined> {
    return absentIsUndefined(() => readFile(this.#blob(digest)));
  }

  /** Takes over a file of already durable bytes that have this digest. */
  async adoptBlob(path: string, digest: string): Promise<void> {
    await this.#prepare();
    await publish(path, this.#blob(digest));
  }

  async writeBlob(digest: string, bytes: Uint8Array): Promise<void> {
    await this.#prepare();
    await writeDurably(this.#temporaryFile(), this.#blob(digest), bytes);
  }

  /** Shares a blob of another repository. @returns false when that has none, or the file system cannot share */
  async linkBlob(from: Layout, digest: string): Promise<boolean> {
    await this.#prepare();
    try {
      await link(from.#blob(digest), this.#blob(digest));
      await syncDirectory(join(this.folder, 'blobs', 'sha256'));
    } catch (error) {
      const code = codeOf(error);
      if (code === 'EEXIST') return true;
      if (code === 'ENOENT' || code === 'EPERM' || code === 'ENOTSUP' || code === 'EMLINK') return false;
      throw error;
    }
    return true;
  }

  async removeBlob(digest: string): Promise<void> {
    await rm(this.#blob(digest), { force: true });
  }

  /** The entries of `index.json`; `undefined` when nothing was ever pushed here. */
  async entries(): Promise<readonly IndexEntry[] | undefined> {
    const text = await absentIsUndefined(() => readFile(join(this.folder, 'index.json'), 'utf8'));
    return text === undefined ? undefined : indexFile.parse(JSON.parse(text)).manifests;
  }

  async writeEntries(manifests: readonly IndexEntry[]): Promise<void> {
    const index = { schemaVersion: 2, mediaType: 'application/vnd.oci.image.index.v1+json', manifests };
    await writeDurably(this.#temporaryFile(), join(this.folder, 'index.json'), JSON.stringify(index));
  }

  /** What a repository must have before anything can be put into it. */
  async #prepare(): Promise<void> {
    await makeFolder(join(this.folder, 'blobs', 'sha256'));
    const marker = join(this.folder, 'oci-layout');
    if ((await absentIsUndefined(() => stat(marker))) === undefined) {
      await writeDurably(this.#temporaryFile(), marker, JSON.stringify({ imageLayoutVersion: '1.0.0' }));
    }
  }

  /** @param digest by the grammar, so that it cannot leave the folder */
  #blob(digest: string): string {
    return join(this.folder, 'blobs', ...digest.split(':'));
  }

  #temporaryFile(): string {
    return join(this.temporary, randomUUID());
  }
}

/** The entry of a manifest under a tag, or under none. */
export function indexEntry(facts: ManifestFacts, tag: string | undefined): IndexEntry {
  const annotations = {
    ...(tag !== undefined && { [refName]: tag }),
    ...(facts.subject !== undefined && { [subjectName]: facts.subject }),
  };
  return {
    mediaType: facts.mediaType,
    digest: facts.digest,
    size: facts.size,
    ...(facts.artifactType !== undefined && { artifactType: facts.artifactType }),
    ...(Object.keys(annotations).length > 0 && { annotations }),
  };
}

/** The same entry without its tag: the manifest can still be had by digest. */
export function untagged(entry: IndexEntry): IndexEntry {
  const { annotations, ...rest } = entry;
  const { [refName]: _, ...others } = annotations ?? {};
  return { ...rest, ...(Object.keys(others).length > 0 && { annotations: others }) };
}

async function absentIsUndefined<T>(read: () => Promise<T>): Promise<T | undefined> {
  try {
    return await read();
  } catch (error) {
    if (codeOf(error) === 'ENOENT' || codeOf(error) === 'ENOTDIR') return undefined;
    throw error;
  }
}

function codeOf(error: unknown): unknown {
  return error instanceof Error && 'code' in error ? error.code : undefined;
}
