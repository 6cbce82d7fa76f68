import type { IncomingMessage, ServerResponse } from 'node:http';
import { DistributionFault } from './fault.js';
import type { RegistryStorage } from './storage.js';

/** One request, taken apart. */
export interface Exchange {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly storage: RegistryStorage;
  readonly query: URLSearchParams;
  /** Path of the mount as the client knows it, without a slash at its end: `/v2`. */
  readonly base: string;
  readonly head: boolean;
  readonly name: string;
  /** Tag, digest or upload id; empty where the route has none. */
  readonly reference: string;
}

/** The body chunk by chunk. A reader that stops early leaves the connection open, so that it can still be answered. */
export function chunks(request: IncomingMessage): AsyncIterable<Uint8Array> {
  return { [Symbol.asyncIterator]: () => request.iterator({ destroyOnReturn: false }) };
}

export async function body(request: IncomingMessage, limit: number): Promise<Uint8Array> {
  const parts: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of chunks(request)) {
    size += chunk.byteLength;
    if (size > limit) throw new DistributionFault(413, 'SIZE_INVALID', `the body may have ${limit} bytes at most`);
    parts.push(chunk);
  }
  return Buffer.concat(parts);
}
