import {
  type ApplyCall,
  type ArtifactRegistry,
  artifactAt,
  type DesiredComponent,
  RegistryFault,
  type ResolvedArtifact,
  TargetFault,
} from '../../../../core/plugin/index.js';
import { manifestsArtifactType, manifestsLayerType } from './declaration.js';

/** One file of a component. */
export interface ManifestFile {
  /** For a person. */
  readonly name: string;
  readonly text: string;
}

/** @throws TargetFault `artifact` when it cannot be had or is not what it should be */
export async function pullManifests(
  registry: ArtifactRegistry,
  component: DesiredComponent,
  limit: number,
  call: ApplyCall,
): Promise<readonly ManifestFile[]> {
  const of = `artifact ${component.repository}:${component.revision} of ${component.name}`;
  call.progress(`pulling ${component.repository}:${component.revision}`);
  const { signal } = call;
  try {
    const reference = artifactAt(component.repository, component.revision);
    const layers = layersOf(await registry.resolve(reference, { signal }));
    const size = layers.reduce((sum, layer) => sum + layer.size, 0);
    if (size > limit)
      throw new TargetFault('artifact', `${of}: it has ${size} bytes; ${limit} may be (\`artifactBytes\`)`, false);
    const files: ManifestFile[] = [];
    for (const [at, layer] of layers.entries()) {
      const bytes = await registry.fetch(reference, layer, limit, { signal });
      const name = layer.annotations?.['org.opencontainers.image.title'] ?? `layer ${at + 1}`;
      files.push({ name, text: Buffer.from(bytes).toString() });
    }
    return files;
  } catch (cause) {
    signal.throwIfAborted();
    if (!(cause instanceof RegistryFault)) throw cause;
    const final = cause.reason === 'invalid' || cause.reason === 'refused';
    throw new TargetFault('artifact', `${of}: ${cause.message}`, !final, { cause });
  }
}

function layersOf({ manifest }: ResolvedArtifact): ResolvedArtifact['manifest']['layers'] {
  // image-spec v1.1, manifest.md: without artifactType the config's media type tells what an artifact is.
  const type = manifest.artifactType ?? manifest.config.mediaType;
  if (type !== manifestsArtifactType) {
    throw new TargetFault('artifact', `the artifact is of type ${type}, not ${manifestsArtifactType}`, false);
  }
  const other = manifest.layers.find(({ mediaType }) => mediaType !== manifestsLayerType);
  if (other !== undefined || manifest.layers.length === 0) {
    const what = other === undefined ? 'there is none' : `one is ${other.mediaType}`;
    throw new TargetFault('artifact', `the artifact's layers must be ${manifestsLayerType}, and ${what}`, false);
  }
  return manifest.layers;
}
