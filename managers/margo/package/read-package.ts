import { posix } from 'node:path';
import { safePath } from '../../../core/archive/index.js';
import type { Descriptor, ResolvedArtifact } from '../../../core/ports/index.js';
import { documentLimit } from '../document/yaml.js';
import type { Finding } from '../finding.js';
import { annotations, artifactTypes, mediaTypes } from '../media-types.js';

export interface PackageResource {
  /** Path in the package: `resources/icon.png`. Safe: relative, without `..`. */
  readonly path: string;
  readonly mediaType: string;
  readonly descriptor: Descriptor;
}

export interface PackageReading {
  /** Absent exactly when there are faults. */
  readonly descriptionBytes?: Uint8Array;
  readonly resources: readonly PackageResource[];
  readonly warnings: readonly Finding[];
  readonly faults: readonly Finding[];
}

/** Fetches one verified blob; the caller binds registry, repository, credentials and signal. */
export type FetchBlob = (blob: Descriptor, limit: number) => Promise<Uint8Array>;

/**
 * Finds what a package artifact holds (section "Application Registry"): the description by media type, else by its name.
 * Rejects only with what `fetch` rejects with.
 */
export async function readPackage(resolved: ResolvedArtifact, fetch: FetchBlob): Promise<PackageReading> {
  const { layers } = resolved.manifest;
  const warnings: Finding[] = [];
  const layer = findDescription(layers, warnings);
  if (!layer) {
    const message = `no layer is of type ${mediaTypes.description} or called margo.yaml; this is no application package`;
    return refused('no-description', message, warnings);
  }
  if (layer.size > documentLimit)
    return refused('too-large', `margo.yaml has ${layer.size} bytes; at most ${documentLimit} are read`, warnings);
  checkArtifactType(resolved, warnings);
  const others = layers.filter((other) => other !== layer && !isDescription(other));
  const resources = findResources(others, warnings);
  return { descriptionBytes: await fetch(layer, documentLimit), resources, warnings, faults: [] };
}

function findDescription(layers: readonly Descriptor[], warnings: Finding[]): Descriptor | undefined {
  const typed = layers.filter(({ mediaType }) => mediaType === mediaTypes.description);
  const called = layers.filter(isDescription);
  const all = typed.length > 0 ? typed : called;
  const found = all.find((layer) => called.includes(layer)) ?? all[0];
  if (all.length > 1)
    warnings.push(
      finding('several-descriptions', `${all.length} layers are descriptions; ${found?.digest ?? ''} is taken`),
    );
  if (found && typed.length === 0)
    warnings.push(finding('media-type', `margo.yaml is of type ${found.mediaType}, not ${mediaTypes.description}`));
  return found;
}

function isDescription({ mediaType, annotations: labels }: Descriptor): boolean {
  const title = labels?.[annotations.title];
  return title === undefined ? mediaType === mediaTypes.description : posix.normalize(title) === 'margo.yaml';
}

/** Older clients name the artifact's type in its config, as image-spec 1.0 did. */
function checkArtifactType({ manifest }: ResolvedArtifact, warnings: Finding[]): void {
  const type = manifest.artifactType ?? manifest.config.mediaType;
  if (type === artifactTypes.application) return;
  warnings.push(finding('artifact-type', `the artifact is of type ${type}, not ${artifactTypes.application}`));
}

function findResources(layers: readonly Descriptor[], warnings: Finding[]): PackageResource[] {
  const resources = new Map<string, PackageResource>();
  for (const descriptor of layers) {
    const path = pathOf(descriptor, warnings);
    if (path === undefined) continue;
    if (resources.has(path)) warnings.push(finding('duplicate', 'comes twice; the first is taken', path));
    else resources.set(path, { path, mediaType: descriptor.mediaType, descriptor });
  }
  return [...resources.values()];
}

function pathOf(descriptor: Descriptor, warnings: Finding[]): string | undefined {
  const title = descriptor.annotations?.[annotations.title];
  if (title === undefined) {
    const [, kind] = /^application\/vnd\.margo\.app\.(\w+)\.v1\+/.exec(descriptor.mediaType) ?? [];
    const path = `resources/${kind ?? descriptor.digest.replace(/^sha256:/, '').slice(0, 12)}`;
    warnings.push(
      finding('missing', `the layer ${descriptor.digest} has no ${annotations.title}; it is taken for ${path}`),
    );
    return path;
  }
  try {
    const path = safePath(title);
    if (path !== '') return path;
    warnings.push(finding('unsafe-path', `the layer ${descriptor.digest} has an empty name and is ignored`));
  } catch (error) {
    warnings.push(finding('unsafe-path', `a layer is ignored: ${(error as Error).message}`));
  }
  return undefined;
}

function refused(code: string, message: string, warnings: readonly Finding[]): PackageReading {
  return { resources: [], warnings, faults: [finding(code, message)] };
}

function finding(code: string, message: string, path = ''): Finding {
  return { path, code, message };
}
