import type { ServerResponse } from 'node:http';
import type { Logger } from '../../core/plugin/index.js';
import { DistributionFault } from './fault.js';

export type Headers = Readonly<Record<string, string | number>>;

/** docker and Harbor tell a v2 registry by this field. */
export const apiVersion = { 'Docker-Distribution-Api-Version': 'registry/2.0' } as const;

/** @param head whether only the header fields are wanted */
export function answer(
  response: ServerResponse,
  status: number,
  headers: Headers = {},
  body?: Uint8Array | string,
  head = false,
): void {
  const length = body === undefined ? 0 : Buffer.byteLength(body);
  // RFC 9110 section 8.6: no Content-Length with 204.
  response.writeHead(status, { ...apiVersion, ...(status !== 204 && { 'Content-Length': length }), ...headers });
  response.end(head ? undefined : body);
}

export function answerJson(response: ServerResponse, value: unknown, headers: Headers = {}, head = false): void {
  answer(response, 200, { 'Content-Type': 'application/json', ...headers }, JSON.stringify(value), head);
}

/** Says what went wrong in the words of OCI Distribution; what is no caller's fault goes to the log instead. */
export function answerFault(response: ServerResponse, error: unknown, log: Logger, head: boolean): void {
  const fault =
    error instanceof DistributionFault
      ? error
      : new DistributionFault(500, 'UNKNOWN', 'something went wrong here; the log of the host has the details');
  if (fault.status >= 500) log.error('the registry could not answer', { error: fault.cause ?? error });
  if (response.headersSent) {
    // Too late to say so: a body that breaks off is the only way left to tell that it is not whole.
    response.destroy();
    return;
  }
  // Bytes of a refused upload may still be on their way; they are not worth waiting for.
  const close = response.req.complete ? {} : { Connection: 'close' };
  const headers = { 'Content-Type': 'application/json', ...close, ...fault.headers };
  answer(response, fault.status, headers, JSON.stringify(fault.body()), head);
}
