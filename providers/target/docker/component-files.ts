import { createHash } from 'node:crypto';
import { lstat, readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { ArchiveFault, unpackTarGz } from '../../../core/archive/index.js';
import {
  type ApplyCall,
  type ArtifactRegistry,
  artifactAt,
  type Descriptor,
  type DesiredComponent,
  RegistryFault,
  type ResolvedArtifact,
  TargetFault,
} from '../../../core/plugin/index.js';

/** Margo, compose component artifact. */
const artifactType = 'application/vnd.org.margo.component.compose+json';
const layerType = 'application/vnd.org.margo.component.compose.tar+gzip';
const mostEntries = 10_000;

/**
 * The unpacked files of a component: pulled once for each revision, then kept, so that a killed container can be
 * replaced without a network.
 *
 * @param home the project's folder
 * @returns the directory with `compose.yaml`
 * @throws TargetFault `artifact` when it cannot be had or is not what the standard asks for
 */
export async function componentFiles(
  registry: ArtifactRegistry,
  component: DesiredComponent,
  home: string,
  bytes: number,
  call: ApplyCall,
): Promise<string> {
  const key = createHash('sha256').update(`${component.repository}@${component.revision}`).digest('hex').slice(0, 16);
  const directory = join(home, 'files', key);
  if (!(await isThere(directory))) {
    call.progress(`pulling ${component.repository}:${component.revision}`);
    try {
      await pull(registry, component, directory, bytes, call);
    } catch (error) {
      call.signal.throwIfAborted();
      throw artifactFault(component, error);
    }
  }
  return composeDirectory(component, directory);
}

async function pull(
  registry: ArtifactRegistry,
  component: DesiredComponent,
  directory: string,
  bytes: number,
  { signal }: ApplyCall,
): Promise<void> {
  const reference = artifactAt(component.repository, component.revision);
  const artifact = await registry.resolve(reference, { signal });
  const layer = composeLayer(artifact);
  if (layer.size > bytes) throw new ArchiveFault('too-large', `the archive has ${layer.size} bytes; ${bytes} may be`);
  await unpackTarGz(registry.pull(reference, layer, { signal }), directory, { bytes, entries: mostEntries, signal });
}

function composeLayer({ manifest }: ResolvedArtifact): Descriptor {
  // Image manifests of before OCI 1.1 say the artifact's type in their config.
  const type = manifest.artifactType ?? manifest.config.mediaType;
  if (type !== artifactType) throw new Unfit(`its type is ${type}, not ${artifactType}`);
  const [layer, ...more] = manifest.layers;
  if (layer === undefined || more.length > 0) throw new Unfit(`it has ${manifest.layers.length} layers, not one`);
  if (layer.mediaType !== layerType) throw new Unfit(`its layer is ${layer.mediaType}, not ${layerType}`);
  return layer;
}

/** The one directory of the archive, with a `compose.yaml` and no other spelling. */
async function composeDirectory(component: DesiredComponent, directory: string): Promise<string> {
  const unfit = async (why: string): Promise<TargetFault> => {
    // Not kept: the tag may name something better the next time.
    await rm(directory, { recursive: true, force: true });
    return artifactFault(component, new Unfit(why));
  };
  const entries = await readdir(directory, { withFileTypes: true });
  const [top, ...more] = entries;
  if (top === undefined || more.length > 0 || !top.isDirectory()) {
    throw await unfit(`it must hold exactly one directory, and holds ${entries.map(({ name }) => name).join(', ')}`);
  }
  const inner = join(directory, top.name);
  const file = await lstat(join(inner, 'compose.yaml')).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return undefined;
    throw error;
  });
  if (!file?.isFile()) throw await unfit(`there is no ${top.name}/compose.yaml`);
  return inner;
}

/** The artifact was received and is not what it should be. */
class Unfit extends Error {}

function artifactFault(component: DesiredComponent, error: unknown): TargetFault {
  const of = `artifact ${component.repository}:${component.revision} of ${component.name}`;
  const message = error instanceof Error ? error.message : String(error);
  if (error instanceof RegistryFault) {
    const final = error.reason === 'invalid' || error.reason === 'refused';
    return new TargetFault('artifact', `${of}: ${message}`, !final, { cause: error });
  }
  if (error instanceof ArchiveFault || error instanceof Unfit) {
    return new TargetFault('artifact', `${of}: ${message}`, false, { cause: error });
  }
  // The disk is full, or not ours to write.
  return new TargetFault('platform', `${of} could not be unpacked: ${message}`, true, { cause: error });
}

async function isThere(directory: string): Promise<boolean> {
  try {
    return (await lstat(directory)).isDirectory();
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return false;
    throw error;
  }
}
