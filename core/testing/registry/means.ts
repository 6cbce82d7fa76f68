import {
  type ArtifactReference,
  type ArtifactRegistry,
  type ArtifactToPush,
  type Descriptor,
  type RegistryCall,
  RegistryFault,
} from '../../ports/index.js';
import type { Trial } from '../trial.js';
import { digestOf, indexType, type SeededArtifact } from './server/index.js';
import type { RegistryUnderTest } from './subject.js';

export type RegistryTrial = Trial<RegistryUnderTest>;

export const repository = 'kit/app';

export function at(trial: RegistryTrial, more: Partial<ArtifactReference> = {}): ArtifactReference {
  return { registry: trial.instance.server.host, repository, ...more };
}

/** An artifact of two layers; another `text` makes another one. */
export function artifact(text = 'one'): ArtifactToPush {
  return {
    artifactType: 'application/vnd.tutti.kit',
    annotations: { 'org.example.text': `${text} ü 密` },
    layers: [
      { mediaType: 'text/plain', bytes: Buffer.from(`hello, ${text}`), annotations: { title: 'hello.txt' } },
      { mediaType: 'application/octet-stream', bytes: Buffer.alloc(200_000, text) },
    ],
  };
}

/** Puts an artifact there, past the provider, under the tag `1.0`. */
export function seeded(trial: RegistryTrial, text = 'one'): SeededArtifact {
  return trial.instance.server.seed(repository, artifact(text), '1.0');
}

/** Puts the index of an image there (image-spec v1.1, image-index.md), past the provider. */
export function index(trial: RegistryTrial, tag: string, manifests: readonly Descriptor[]): void {
  const bytes = Buffer.from(JSON.stringify({ schemaVersion: 2, mediaType: indexType, manifests }));
  const there = trial.instance.server.repository(repository);
  there.manifests.set(digestOf(bytes), { mediaType: indexType, bytes });
  there.tags.set(tag, digestOf(bytes));
}

export interface Layer {
  readonly descriptor: Descriptor;
  readonly bytes: Uint8Array;
}

/** The second layer: of more bytes than one packet. */
export function largeLayer({ layers }: SeededArtifact): Layer {
  const layer = layers.at(-1);
  if (!layer) throw new Error('an artifact of the kit has two layers');
  return layer;
}

/** Whether bytes are these; compared so that a report need not show all of them. */
export function same(trial: RegistryTrial, what: string, found: Uint8Array, expected: Uint8Array): void {
  const right = Buffer.from(expected).equals(found);
  trial.holds(what, right, `the ${expected.byteLength} bytes that are there`, `${found.byteLength} others`);
}

/** Reads a pull to its end. */
export async function collect(
  registry: ArtifactRegistry,
  place: ArtifactReference,
  blob: Descriptor,
  call?: RegistryCall,
): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of registry.pull(place, blob, call)) chunks.push(chunk);
  return Buffer.concat(chunks);
}

/** Expects a fault of the port, of one of these reasons. @returns it */
export async function refused(
  trial: RegistryTrial,
  what: string,
  work: Promise<unknown>,
  ...reasons: RegistryFault['reason'][]
): Promise<Error> {
  const error = await trial.rejects(what, work);
  const right = error instanceof RegistryFault && (reasons.length === 0 || reasons.includes(error.reason));
  trial.holds(`the rejection of ${what}`, right, `RegistryFault ${reasons.join(' or ')}`.trim(), error);
  return error;
}

/** What a caller may want, each as one call. */
export const wants: Readonly<
  Record<'resolve' | 'fetch' | 'pull' | 'tags' | 'push', (of: Wanting, call?: RegistryCall) => Promise<unknown>>
> = {
  resolve: ({ registry, place }, call) => registry.resolve({ ...place, tag: '1.0' }, call),
  fetch: ({ registry, place, layer }, call) => registry.fetch(place, layer.descriptor, 1_000_000, call),
  pull: ({ registry, place, layer }, call) => collect(registry, place, layer.descriptor, call),
  tags: ({ registry, place }, call) => registry.tags(place, call),
  push: ({ registry, place }, call) => registry.push({ ...place, tag: '2.0' }, artifact('two'), call),
};

export interface Wanting {
  readonly registry: ArtifactRegistry;
  readonly place: ArtifactReference;
  readonly layer: Layer;
}

/** The part of the registry that each of {@link wants} asks first, or in the case of a push, cannot do without. */
export const partOfWant = {
  resolve: 'manifest',
  fetch: 'blob',
  pull: 'blob',
  tags: 'tags',
  push: 'upload',
} as const satisfies Record<keyof typeof wants, string>;

export function wanting(trial: RegistryTrial, registry: ArtifactRegistry = trial.instance): Wanting {
  return { registry, place: at(trial), layer: largeLayer(seeded(trial)) };
}
