import { once } from 'node:events';
import { type Agent, type IncomingMessage, request as requestPlain } from 'node:http';
import { request as requestSecure } from 'node:https';
import { TransportFault } from '../../../core/ports/index.js';
import type { Address } from './address.js';

/** A connection that had been used before was closed before there was an answer on it. */
export class ClosedMeanwhile extends Error {
  override readonly name = 'ClosedMeanwhile';
}

export interface Request {
  readonly method: string;
  /** Path and query below the address, sent as they are: nothing is resolved or encoded again. */
  readonly target: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Uint8Array | undefined;
}

/**
 * Sends a request by Node's own client: it is there already, and a library for HTTP takes 15 MB.
 *
 * @returns the beginning of the answer; what breaks later, breaks the reading of it
 */
export async function send(
  { secure, hostname, port, base }: Address,
  { method, target, headers, body }: Request,
  agent: Agent,
  signal: AbortSignal,
): Promise<IncomingMessage> {
  // Node says the length of a body only where the method commonly has one (not of GET, not of DELETE): the bytes would be
  // taken for the next request of the connection.
  const framed = body ? { ...headers, 'content-length': body.byteLength } : headers;
  const options = { hostname, port, path: base + target, method, headers: framed, agent, signal };
  const sent = (secure ? requestSecure : requestPlain)(options);
  sent.end(body);
  try {
    const [response] = (await once(sent, 'response')) as [IncomingMessage];
    sent.on('error', (error) => response.destroy(error));
    return response;
  } catch (cause) {
    const closed = cause instanceof Error && 'code' in cause && (cause.code === 'ECONNRESET' || cause.code === 'EPIPE');
    if (closed && sent.reusedSocket && !signal.aborted) throw new ClosedMeanwhile(cause.message, { cause });
    throw cause;
  }
}

/** @throws TransportFault `invalid` for an answer that is larger, before it is all there */
export async function readLimited(response: IncomingMessage, limit: number): Promise<Uint8Array> {
  const tooLarge = (): TransportFault => new TransportFault('invalid', `the answer has more than ${limit} bytes`);
  const refuse = (): never => {
    response.destroy();
    throw tooLarge();
  };
  if (Number(response.headers['content-length']) > limit) refuse();
  const chunks: Uint8Array[] = [];
  let received = 0;
  for await (const chunk of response as AsyncIterable<Uint8Array>) {
    received += chunk.byteLength;
    if (received > limit) refuse();
    chunks.push(chunk);
  }
  const [only] = chunks;
  return chunks.length === 1 && only ? only : Buffer.concat(chunks, received);
}

/** The pieces of an answer as they come. One that stays silent for `silence` milliseconds while it is waited for has broken. */
export async function* pieces(response: IncomingMessage, silence: number): AsyncGenerator<Uint8Array, void, undefined> {
  const iterator = (response as AsyncIterable<Uint8Array>)[Symbol.asyncIterator]();
  try {
    for (;;) {
      const timer = setTimeout(() => {
        response.destroy(new TransportFault('timeout', `nothing came for ${silence / 1000} s`));
      }, silence);
      const next = await iterator.next().finally(() => clearTimeout(timer));
      if (next.done === true) return;
      yield next.value;
    }
  } finally {
    response.destroy();
  }
}
