import { type ApplyCall, TargetFault, z } from '../../../core/plugin/index.js';
import { type Login, loginFor } from './credentials.js';
import type { Engine } from './engine.js';
import { jsonLines } from './json-lines.js';

const line = z.object({
  id: z.string().default(''),
  status: z.string().default(''),
  error: z.string().optional(),
  progressDetail: z.object({ current: z.number().optional(), total: z.number().optional() }).default({}),
});

/** Pulls an image that the engine does not have. @throws TargetFault `artifact` when it cannot be had */
export async function pullMissing(
  engine: Engine,
  image: string,
  logins: readonly Login[],
  call: ApplyCall,
): Promise<void> {
  if (await present(engine, image)) return;
  call.progress(`pulling image ${image}`);
  const login = loginFor(image, logins);
  const authconfig = login && { username: login.username, password: login.password, serveraddress: login.host };
  try {
    const stream: NodeJS.ReadableStream = await engine.call((client) =>
      client.pull(image, { ...(authconfig && { authconfig }), abortSignal: call.signal }),
    );
    await followed(stream, image, call);
  } catch (error) {
    call.signal.throwIfAborted();
    if (error instanceof TargetFault && error.code === 'platform' && error.message.includes('does not answer')) {
      throw error;
    }
    const message = error instanceof Error ? error.message : String(error);
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

async function present(engine: Engine, image: string): Promise<boolean> {
  return engine.call(async (client) => {
    try {
      await client.getImage(image).inspect();
      return true;
    } catch (error) {
      if ((error as { statusCode?: unknown }).statusCode === 404) return false;
      throw error;
    }
  });
}

function megabytes(bytes: number): string {
  return `${(bytes / 1_000_000).toFixed(1)} MB`;
}
