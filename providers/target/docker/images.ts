import { type ApplyCall, TargetFault, z } from '../../../core/plugin/index.js';
import { type Login, loginFor } from '../../shared/logins/index.js';
import type { Engine } from './engine.js';
import { jsonLines } from './json-lines.js';
import type { PinnedImage } from './revision.js';
import type { ServiceModel } from './service-model.js';

const line = z.object({
  id: z.string().default(''),
  status: z.string().default(''),
  error: z.string().optional(),
  progressDetail: z.object({ current: z.number().optional(), total: z.number().optional() }).default({}),
});

const inspection = z.object({ Id: z.string(), RepoDigests: z.array(z.string()).nullish() });

export interface ImageSource {
  readonly engine: Engine;
  readonly logins: readonly Login[];
  /** Told of each image that was pulled. */
  readonly pulled: (image: string, id: string) => Promise<void>;
}

/**
 * Has every image on the engine, and says by names that never move what they are.
 *
 * @param known what they were when this revision was first applied: that, and nothing else, is what they are now
 * @throws TargetFault `artifact` when one cannot be had
 */
export async function pinnedImages(
  services: readonly ServiceModel[],
  known: Readonly<Record<string, PinnedImage>>,
  source: ImageSource,
  call: ApplyCall,
): Promise<Record<string, PinnedImage>> {
  const always = new Set(services.filter(({ pullAlways }) => pullAlways).map(({ image }) => image));
  const names = new Set(services.flatMap(({ image }) => image ?? []));
  const pinned = [...names].map(async (name): Promise<[string, PinnedImage]> => {
    const before = known[name];
    if (before !== undefined) {
      await present(before.pin, name, source, call);
      return [name, before];
    }
    const found = always.has(name) ? await pull(name, source, call) : await present(name, name, source, call);
    return [name, { pin: pinOf(name, found), id: found.id }];
  });
  return Object.fromEntries(await Promise.all(pinned));
}

/** An image as the engine has it. */
export interface LocalImage {
  readonly id: string;
  /** `repository@sha256:…`, for each repository that it was pulled from or pushed to. */
  readonly digests: readonly string[];
}

/** The name of exactly this image: by its digest in the repository that it came from, else by its id on this engine. */
export function pinOf(name: string, { id, digests }: LocalImage): string {
  if (name.includes('@')) return name;
  const repository = repositoryOf(name);
  return digests.find((digest) => repositoryOf(digest) === repository) ?? id;
}

/** Without tag and digest. */
function repositoryOf(name: string): string {
  const [untagged = ''] = familiarName(name).split('@');
  return untagged.replace(/:[^:/]*$/, '');
}

/** A name without what engines leave out of those of Docker Hub. */
export function familiarName(name: string): string {
  return name.replace(/^(index\.)?docker\.io\/(library\/)?/, '');
}

/** Without a tag, an engine would pull all there are. */
function tagged(name: string): string {
  return /@|:[^:/]*$/.test(name) ? name : `${name}:latest`;
}

export async function localImage(engine: Engine, name: string): Promise<LocalImage | undefined> {
  const found = await engine.found((client) => client.getImage(name).inspect());
  if (found === undefined) return undefined;
  const { Id, RepoDigests } = inspection.parse(found);
  return { id: Id, digests: RepoDigests ?? [] };
}

/** Pulls an image only where the engine does not have it. */
async function present(reference: string, name: string, source: ImageSource, call: ApplyCall): Promise<LocalImage> {
  const found = await localImage(source.engine, reference);
  if (found) return found;
  if (reference.startsWith('sha256:')) {
    const text = `image ${name} is no longer on the engine, and no registry has the one that was applied`;
    throw new TargetFault('artifact', text, true);
  }
  return pull(reference, source, call);
}

/** How engines say that a registry did not let them in; they have no status of its own for it. */
const deniedForm = /unauthorized|denied|authentication required|no basic auth|\b40[13]\b/i;

async function pull(name: string, { engine, logins, pulled }: ImageSource, call: ApplyCall): Promise<LocalImage> {
  const image = tagged(name);
  call.progress(`pulling image ${image}`);
  const login = loginFor(image, logins);
  const authconfig = login && { username: login.username, password: login.password, serveraddress: login.host };
  try {
    const stream: NodeJS.ReadableStream = await engine.lasting((client) =>
      client.pull(image, { ...(authconfig && { authconfig }), abortSignal: call.signal }),
    );
    await followed(stream, image, call);
    const found = await localImage(engine, image);
    if (found === undefined) throw new Error('the engine says that it has it, and does not');
    await pulled(image, found.id);
    return found;
  } catch (error) {
    call.signal.throwIfAborted();
    if (error instanceof TargetFault && error.code === 'platform' && error.message.includes('does not answer')) {
      throw error;
    }
    const message = error instanceof Error ? error.message : String(error);
    if (login?.refused && deniedForm.test(message)) await login.refused();
    throw new TargetFault('artifact', `image ${image} cannot be pulled: ${message}`, true, { cause: error });
  }
}

async function followed(stream: AsyncIterable<Uint8Array | string>, image: string, call: ApplyCall): Promise<void> {
  const layers = new Map<string, { readonly current: number; readonly total: number }>();
  let told = -1;
  for await (const message of jsonLines(stream)) {
    call.signal.throwIfAborted();
    const { id, status, error, progressDetail } = line.parse(message);
    if (error !== undefined) throw new Error(error);
    if (status !== 'Downloading') continue;
    layers.set(id, { current: progressDetail.current ?? 0, total: progressDetail.total ?? 0 });
    const sum = (of: 'current' | 'total'): number => [...layers.values()].reduce((all, layer) => all + layer[of], 0);
    const percent = Math.floor((sum('current') / Math.max(1, sum('total'))) * 100);
    if (percent === told) continue;
    told = percent;
    call.progress(`pulling image ${image}: ${megabytes(sum('current'))} of ${megabytes(sum('total'))}`);
  }
}

function megabytes(bytes: number): string {
  return `${(bytes / 1_000_000).toFixed(1)} MB`;
}
