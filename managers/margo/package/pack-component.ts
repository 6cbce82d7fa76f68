import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import semver from 'semver';
import { type ArchiveEntry, ArchiveFault, directoryEntries, packTarGz } from '../../../core/archive/index.js';
import type { ArtifactToPush } from '../../../core/ports/index.js';
import { versionTag } from '../application/read.js';
import { annotations, artifactTypes, mediaTypes } from '../media-types.js';
import { composeFaults } from './compose-rules.js';
import { PackFault } from './fault.js';

export interface ComponentToPack {
  /** `compose`: a directory with `compose.yaml`; `process`: one with `component.yaml`. */
  readonly type: 'compose' | 'process';
  /** SemVer without `v`: the component's revision, and its tag with `_` for `+`. */
  readonly version: string;
  readonly title?: string;
  readonly description?: string;
  readonly authors?: string;
}

export interface PackedComponent {
  readonly artifact: ArtifactToPush;
  readonly tag: string;
}

/** What the two kinds of components differ in. */
const kinds = {
  compose: {
    file: 'compose.yaml',
    artifactType: artifactTypes.compose,
    mediaType: mediaTypes.composeLayer,
    // Exactly one directory at the top, whose name does not matter.
    prefix: 'component/',
  },
  process: {
    file: 'component.yaml',
    artifactType: artifactTypes.process,
    mediaType: mediaTypes.processLayer,
    prefix: '',
  },
} as const;

const limits = { bytes: 200 * 1024 * 1024, entries: 10_000 };

/**
 * Makes a component's directory an OCI artifact with one layer (compose: section "Compose Component"; process: this
 * project's own). The same files give the same artifact, digest for digest.
 *
 * @throws PackFault
 */
export async function packComponent(directory: string, component: ComponentToPack): Promise<PackedComponent> {
  const { type, version, title, description, authors } = component;
  const { file, artifactType, mediaType, prefix } = kinds[type];
  // `valid` also drops build metadata and a leading `v`; what it takes must be what was written.
  if (semver.valid(version) === null || !/^\d/.test(version) || version !== version.trim())
    throw new PackFault(`"${version}" is no SemVer version without "v", such as 1.4.2`);
  const entries = await read(directory);
  if (!entries.some(({ path }) => path === file)) {
    const similar = entries.map(({ path }) => path).filter((path) => /^[\w-]+\.ya?ml$/.test(path));
    throw new PackFault(`${directory} has no ${file}${similar.length > 0 ? `, only ${similar.join(', ')}` : ''}`);
  }
  if (type === 'compose') {
    const faults = composeFaults(await readFile(join(directory, file), 'utf8'));
    if (faults.length > 0) throw new PackFault('compose.yaml cannot be packed:', faults);
  }
  const bytes = await packTarGz(entries.map((entry) => ({ ...entry, path: `${prefix}${entry.path}` })));
  const labels = {
    [annotations.componentType]: type,
    [annotations.componentVersion]: version,
    [annotations.version]: version,
    ...(title !== undefined && { [annotations.title]: title }),
    ...(description !== undefined && { [annotations.description]: description }),
    ...(authors !== undefined && { [annotations.authors]: authors }),
  };
  // The text of the standard asks for them on the layer, its example writes them on the manifest.
  const artifact = { artifactType, layers: [{ mediaType, bytes, annotations: labels }], annotations: labels };
  return { artifact, tag: versionTag(version) };
}

async function read(directory: string): Promise<ArchiveEntry[]> {
  try {
    return await directoryEntries(directory, limits);
  } catch (error) {
    if (error instanceof ArchiveFault || (error as NodeJS.ErrnoException).code === 'ENOENT')
      throw new PackFault(`${directory} cannot be packed: ${(error as Error).message}`, [], { cause: error });
    throw error;
  }
}
