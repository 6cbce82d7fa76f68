import type { IncomingMessage } from 'node:http';
import type { TLSSocket } from 'node:tls';
import type { Evidence } from '../../core/operation/index.js';

/** By what callers address a server. */
export interface Origin {
  /** Origin (and path prefix), where a proxy stands before it. */
  readonly publicUrl: string | undefined;
  readonly scheme: 'http' | 'https';
}

/** What was read of a request by the time somebody asks who sent it. */
export interface Read {
  /** Path and query, as received. */
  readonly url: string;
  readonly body: Uint8Array | undefined;
  readonly params: Readonly<Record<string, string>>;
}

export function evidenceOf(
  request: IncomingMessage,
  { publicUrl, scheme }: Origin,
  { url, body, params }: Read,
): Evidence {
  const certificate = scheme === 'https' ? clientCertificate(request.socket as TLSSocket) : undefined;
  return {
    method: request.method ?? 'GET',
    targetUri: (publicUrl ?? `${scheme}://${request.headers.host ?? 'localhost'}`) + url,
    // Node joins repeated fields with a comma already, all but Set-Cookie, which no request has.
    headers: request.headers as Readonly<Record<string, string | undefined>>,
    body,
    params,
    ...(certificate && { clientCertificate: certificate }),
    peer: request.socket.remoteAddress,
  };
}

/** Node calls a resumed session authorized that never had a certificate; then there is none to show. */
function clientCertificate(socket: TLSSocket): Uint8Array | undefined {
  return socket.authorized ? socket.getPeerCertificate().raw : undefined;
}
