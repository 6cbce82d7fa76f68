import { createHash } from 'node:crypto';
import type { Readable } from 'node:stream';
import { type Descriptor, RegistryFault } from '../../../core/ports/index.js';
import { type Asked, connectionFault } from './faults.js';

/** What a small body may be: how long, and how long it may take. */
export interface Bounds {
  /** Bytes. */
  readonly limit: number;
  readonly seconds: number;
  readonly signal?: AbortSignal | undefined;
}

/** A whole body; one that is too long is `corrupt` and read no further, one that takes too long `unreachable`. */
export async function readLimited(body: Readable, { limit, seconds, signal }: Bounds, asked: Asked): Promise<Buffer> {
  const chunks: Uint8Array[] = [];
  const where = `registry ${asked.host}: ${asked.what}`;
  const late = new RegistryFault('unreachable', `${where}: the whole answer did not come within ${seconds} s`);
  const timer = setTimeout(() => body.destroy(late), seconds * 1000);
  let size = 0;
  try {
    for await (const chunk of body) {
      size += chunk.byteLength;
      if (size > limit) throw new RegistryFault('corrupt', `${where}: longer than ${limit} bytes`);
      chunks.push(chunk);
    }
  } catch (error) {
    if (signal?.aborted) throw signal.reason;
    throw connectionFault(error, asked);
  } finally {
    clearTimeout(timer);
  }
  return Buffer.concat(chunks);
}

/** Ends a body that nobody wants to read. */
export function discard(body: Readable): void {
  // Being cut off is what is wanted, not an error.
  body.on('error', () => undefined).destroy();
}

/** `sha256` or `sha512` of bytes in the form of a digest. */
export function digestOf(bytes: Uint8Array, algorithm = 'sha256'): string {
  return `${algorithm}:${createHash(algorithm).update(bytes).digest('hex')}`;
}

/** @param digest by the grammar */
export function algorithmOf(digest: string): string {
  return digest.slice(0, digest.indexOf(':'));
}

/**
 * Passes a blob on while it comes, and throws before the end unless it is exactly what the descriptor says.
 * @param signal when it aborts, the stream rejects with its reason
 */
export async function* verified(
  body: AsyncIterable<Uint8Array>,
  { digest, size }: Descriptor,
  asked: Asked,
  signal: AbortSignal | undefined,
  progress: (received: number, total: number) => void = () => undefined,
): AsyncGenerator<Uint8Array, void, undefined> {
  const corrupt = (why: string) => new RegistryFault('corrupt', `registry ${asked.host}: ${asked.what}: ${why}`);
  const algorithm = algorithmOf(digest);
  const hash = createHash(algorithm);
  let received = 0;
  try {
    for await (const chunk of body) {
      received += chunk.byteLength;
      if (received > size) throw corrupt(`more came than the ${size} bytes that it should have`);
      hash.update(chunk);
      progress(received, size);
      yield chunk;
    }
  } catch (error) {
    if (signal?.aborted) throw signal.reason;
    if (error instanceof RegistryFault) throw error;
    throw connectionFault(error, { ...asked, what: `${asked.what}: after ${received} of ${size} bytes` });
  }
  if (received < size) throw corrupt(`only ${received} of ${size} bytes came`);
  const found = `${algorithm}:${hash.digest('hex')}`;
  if (found !== digest)
    throw corrupt(`the bytes that came are ${found}; somebody changed them, or the disk of the registry did`);
}
