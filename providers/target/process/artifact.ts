import { rm } from 'node:fs/promises';
import { ArchiveFault, unpackTarGz } from '../../../core/archive/index.js';
import {
  type ApplyCall,
  type ArtifactRegistry,
  artifactAt,
  type DesiredComponent,
  RegistryFault,
  type ResolvedArtifact,
  TargetFault,
} from '../../../core/ports/index.js';
import { type ComponentFile, processArtifactType, processLayerType, readComponentFile } from './component-file.js';
import { type ComponentFiles, type Revision, syncTree } from './store.js';

export interface UnpackLimits {
  readonly bytes: number;
  readonly entries: number;
}

/** An artifact that is on disk and can be run. */
export interface PreparedArtifact {
  readonly digest: string;
  readonly file: ComponentFile;
}

/**
 * Gets a component's artifact onto the disk; asks the registry only for what is not there yet.
 * @throws TargetFault `artifact` when it cannot be had, `invalid` when it is not a process component
 */
export async function prepareArtifact(
  registry: ArtifactRegistry,
  files: ComponentFiles,
  desired: DesiredComponent,
  installed: Revision | undefined,
  limits: UnpackLimits,
  call: ApplyCall,
): Promise<PreparedArtifact> {
  const same = installed?.repository === desired.repository && installed.revision === desired.revision;
  const present = same && (await onDisk(files, installed.artifact));
  if (present) return present;
  try {
    return await pull(registry, files, desired, limits, call);
  } catch (error) {
    call.signal.throwIfAborted();
    throw asTargetFault(error, `${desired.repository} ${desired.revision}`);
  }
}

async function pull(
  registry: ArtifactRegistry,
  files: ComponentFiles,
  desired: DesiredComponent,
  limits: UnpackLimits,
  call: ApplyCall,
): Promise<PreparedArtifact> {
  const { signal } = call;
  const reference = artifactAt(desired.repository, desired.revision);
  call.progress(`looking up ${desired.repository} ${desired.revision}`);
  const artifact = await registry.resolve(reference, { signal });
  const digest = artifact.descriptor.digest;
  const present = await onDisk(files, digest);
  if (present) return present;

  const layer = layerOf(artifact);
  const directory = files.artifact(digest);
  const progress = (received: number, total: number): void =>
    call.progress(`pulling ${desired.repository}: ${received} of ${total} bytes`);
  // Whatever bears the name without being usable is of no use to anybody.
  await rm(directory, { recursive: true, force: true });
  await unpackTarGz(registry.pull(reference, layer, { signal, progress }), directory, { ...limits, signal });
  await syncTree(directory);
  try {
    return { digest, file: await readComponentFile(directory) };
  } catch (error) {
    await rm(directory, { recursive: true, force: true });
    throw error;
  }
}

async function onDisk(files: ComponentFiles, digest: string): Promise<PreparedArtifact | undefined> {
  try {
    return { digest, file: await readComponentFile(files.artifact(digest)) };
  } catch (error) {
    // Not there, or not usable: it is pulled (again), and judged then.
    if (error instanceof TargetFault) return undefined;
    throw error;
  }
}

function layerOf({ manifest }: ResolvedArtifact): ResolvedArtifact['manifest']['layers'][number] {
  // image-spec v1.1, manifest.md: without artifactType the config's media type tells what an artifact is.
  const type = manifest.artifactType ?? manifest.config.mediaType;
  if (type !== processArtifactType) {
    throw new TargetFault('invalid', `the artifact is of type ${type}, not ${processArtifactType}`, false);
  }
  const [layer, ...more] = manifest.layers;
  if (!layer || more.length > 0 || layer.mediaType !== processLayerType) {
    throw new TargetFault('invalid', `the artifact must have exactly one layer, of type ${processLayerType}`, false);
  }
  return layer;
}

/** What an operator can put right in a registry without touching the deployment is worth another try. */
function asTargetFault(error: unknown, artifact: string): unknown {
  if (error instanceof RegistryFault) {
    if (error.reason === 'invalid') return new TargetFault('invalid', error.message, false, { cause: error });
    return new TargetFault('artifact', `${artifact}: ${error.message}`, error.reason !== 'refused', { cause: error });
  }
  if (error instanceof ArchiveFault) {
    return new TargetFault('artifact', `${artifact}: ${error.message}`, error.reason === 'corrupt', { cause: error });
  }
  return error;
}
