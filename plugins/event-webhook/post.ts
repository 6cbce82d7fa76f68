import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { type IncomingMessage, request as overHttp } from 'node:http';
import { request as overHttps } from 'node:https';

export interface Posted {
  readonly status: number;
  readonly retryAfter: string | undefined;
}

/**
 * Posts a text, and looks at nothing of the answer but its head: redirects are not followed, a body is not read.
 *
 * @param ca PEM file, read anew each time, so that one that is replaced counts
 * @throws what the connection failed with, or the signal's reason
 */
export async function post(
  url: string,
  fields: Readonly<Record<string, string>>,
  body: string,
  ca: string | undefined,
  signal: AbortSignal,
): Promise<Posted> {
  const trusted = ca === undefined ? {} : { ca: await readFile(ca) };
  const headers = { ...fields, 'content-length': Buffer.byteLength(body) };
  // Events are rare: a connection of its own for each needs no care.
  const options = { method: 'POST', headers, signal, agent: false, ...trusted };
  const request = url.startsWith('https:') ? overHttps(url, options) : overHttp(url, options);
  try {
    request.end(body);
    const [response] = (await once(request, 'response')) as [IncomingMessage];
    const { statusCode: status = 0, headers: answered } = response;
    return { status, retryAfter: answered['retry-after'] };
  } catch (error) {
    signal.throwIfAborted();
    throw error;
  } finally {
    request.destroy();
  }
}
