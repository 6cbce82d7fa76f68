import { lstat, readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type ArchiveEntry, ArchiveFault, directoryEntries } from '../../../core/archive/index.js';
import type { ArtifactToPush } from '../../../core/ports/index.js';
import type { ApplicationDescription } from '../application/description.js';
import { readApplicationDescription, versionTag } from '../application/read.js';
import type { Finding } from '../finding.js';
import { annotations, artifactTypes, mediaTypes } from '../media-types.js';
import { PackFault } from './fault.js';
import { resourceKinds, resourceMediaType, resourcePath, resourcesByPath } from './resources.js';

export interface PackedApplication {
  readonly artifact: ArtifactToPush;
  readonly description: ApplicationDescription;
  /** Equals the description's version (section "Application Registry"). */
  readonly tag: string;
  readonly warnings: readonly Finding[];
}

const limits = { bytes: 50 * 1024 * 1024, entries: 500 };

/**
 * Makes a directory with `margo.yaml` and its `resources/` an OCI artifact (section "Application Registry"). What else is in
 * the directory stays out. The same files give the same artifact, digest for digest.
 *
 * @throws PackFault
 */
export async function packApplication(
  directory: string,
  options: { readonly strict?: boolean } = {},
): Promise<PackedApplication> {
  const warnings: Finding[] = await strangers(directory);
  const yaml = await readDescriptionFile(directory);
  const { description, faults, warnings: found } = readApplicationDescription(yaml, options);
  if (!description) throw new PackFault('margo.yaml cannot be packed:', faults);
  const entries = await readResources(directory);
  const paths = new Set(entries.map(({ path }) => path));
  warnings.push(...found, ...missingResources(description, paths));
  if (options.strict && warnings.length > 0)
    throw new PackFault('the package is not what the standard asks for:', warnings);
  const kinds = resourcesByPath(description.catalog.application, paths);
  const resources = entries.map(({ path, bytes }) => {
    const kind = kinds.get(path);
    const annotation = { [annotations.title]: path, [annotations.resource]: kind ?? 'resource' };
    return { mediaType: resourceMediaType(path, kind), bytes, annotations: annotation };
  });
  const artifact: ArtifactToPush = {
    artifactType: artifactTypes.application,
    layers: [
      { mediaType: mediaTypes.description, bytes: yaml, annotations: { [annotations.title]: 'margo.yaml' } },
      ...resources,
    ],
    annotations: { [annotations.title]: description.name, [annotations.version]: description.version },
  };
  return { artifact, description, tag: versionTag(description.version), warnings };
}

async function readDescriptionFile(directory: string): Promise<Uint8Array> {
  const path = join(directory, 'margo.yaml');
  const facts = await lstat(path).catch((error: NodeJS.ErrnoException) => {
    if (error.code !== 'ENOENT' && error.code !== 'ENOTDIR') throw error;
    throw new PackFault(`${directory} has no margo.yaml`, [], { cause: error });
  });
  if (!facts.isFile()) throw new PackFault(`${path} is no regular file`);
  return readFile(path);
}

async function readResources(directory: string): Promise<ArchiveEntry[]> {
  try {
    const entries = await directoryEntries(join(directory, 'resources'), limits);
    return entries.map((entry) => ({ ...entry, path: `resources/${entry.path}` }));
  } catch (error) {
    if (error instanceof ArchiveFault) throw new PackFault(`resources: ${error.message}`, [], { cause: error });
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
    throw error;
  }
}

async function strangers(directory: string): Promise<Finding[]> {
  const names = await readdir(directory).catch((error: NodeJS.ErrnoException) => {
    throw new PackFault(`${directory} cannot be read: ${error.message}`, [], { cause: error });
  });
  return names
    .filter((name) => /^margo\.ya?ml$/i.test(name) && name !== 'margo.yaml')
    .map((path) => ({ path, code: 'several-descriptions', message: 'is ignored; the description is margo.yaml' }));
}

function missingResources({ catalog }: ApplicationDescription, paths: ReadonlySet<string>): Finding[] {
  return resourceKinds.flatMap((kind) => {
    const named = catalog.application[kind];
    if (named === undefined || /^https?:/.test(named) || resourcePath(named, paths) !== undefined) return [];
    const path = `metadata.catalog.application.${kind}`;
    return [{ path, code: 'missing-resource', message: `"${named}" is not in the package` }];
  });
}
