import { once } from 'node:events';
import { type IncomingHttpHeaders, type IncomingMessage, request as plainRequest } from 'node:http';
import { request as secureRequest } from 'node:https';

export interface Sent {
  readonly method?: string;
  /** As it goes over the wire: nothing is normalised. */
  readonly path: string;
  readonly headers?: Readonly<Record<string, string | readonly string[]>>;
  readonly body?: Uint8Array | undefined;
}

export interface Answer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly bytes: Buffer;
  readonly text: string;
  /** The body read as a JSON object; empty when it is none. */
  readonly json: Readonly<Record<string, unknown>>;
}

/** One request on a connection of its own. */
export async function send(origin: string, sent: Sent, ca?: string): Promise<Answer> {
  const url = new URL(origin);
  const { method = 'GET', path, headers = {}, body } = sent;
  const options = {
    host: url.hostname,
    port: url.port,
    method,
    path,
    agent: false as const,
    headers: { ...headers, ...(body && { 'Content-Length': String(body.byteLength) }) },
  };
  const request = url.protocol === 'https:' ? secureRequest({ ...options, ca }) : plainRequest(options);
  request.end(body);
  const [response] = (await once(request, 'response')) as [IncomingMessage];
  // Who has its answer may hang up before it has taken the whole body.
  request.on('error', () => request.destroy());
  const chunks: Buffer[] = [];
  for await (const chunk of response as AsyncIterable<Buffer>) chunks.push(chunk);
  const bytes = Buffer.concat(chunks);
  return {
    status: response.statusCode ?? 0,
    headers: response.headers,
    bytes,
    text: bytes.toString(),
    json: object(bytes),
  };
}

function object(bytes: Buffer): Readonly<Record<string, unknown>> {
  try {
    const value: unknown = JSON.parse(bytes.toString());
    return value !== null && typeof value === 'object' ? (value as Record<string, unknown>) : {};
  } catch {
    // Not JSON: the test looks at the bytes.
    return {};
  }
}
