import { createServer, type IncomingMessage, type RequestListener, type Server } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { anonymous, type Logger, type Principal, Problem, problems, type Role } from '../../core/plugin/index.js';
import type { HttpMountHandler } from '../../vendors/http/index.js';
import type { ServerCertificate } from '../parts/certificate.js';

/** A server on a port of the loopback interface. */
export interface Serving {
  /** `127.0.0.1:port`. */
  readonly host: string;
  readonly url: string;
  readonly server: Server;
  stop(): Promise<void>;
}

/** @param port any free one unless told */
export async function listen(listener: RequestListener, tls?: ServerCertificate, port = 0): Promise<Serving> {
  const server = tls ? createTlsServer({ key: tls.key, cert: tls.certificate }, listener) : createServer(listener);
  await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve));
  const host = `127.0.0.1:${(server.address() as AddressInfo).port}`;
  return {
    host,
    url: `${tls ? 'https' : 'http'}://${host}`,
    server,
    stop: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

/** Serves a mount at `/v2` as the HTTP binding does, for users with these tokens. */
export function serveMount(
  handler: HttpMountHandler,
  tokens: Readonly<Record<string, Role>>,
  tls?: ServerCertificate,
  port = 0,
): Promise<Serving> {
  return listen(
    (request, response) => {
      const path = (request.url ?? '/').split('?')[0]?.replace(/^\/v2/, '') ?? '';
      const context = {
        path: path === '' ? '/' : path,
        correlationId: 'test',
        authenticate: async () => principalOf(request, tokens),
        challenges: () => ['Bearer'],
      };
      Promise.resolve(handler(request, response, context)).catch((error: unknown) => response.destroy(error as Error));
    },
    tls,
    port,
  );
}

function principalOf(request: IncomingMessage, tokens: Readonly<Record<string, Role>>): Principal {
  const [scheme, value = ''] = request.headers.authorization?.split(' ') ?? [];
  if (scheme === undefined) return anonymous;
  const token =
    scheme === 'Basic'
      ? Buffer.from(value, 'base64')
          .toString()
          .replace(/^[^:]*:/, '')
      : value;
  const role = Object.hasOwn(tokens, token) ? tokens[token] : undefined;
  if (role === undefined) throw new Problem(problems.notAuthenticated, 'this token is not known');
  return { kind: 'user', id: role, roles: [role] };
}

/** A log that keeps its errors. */
export function quietLog(): Logger & { readonly errors: unknown[] } {
  const errors: unknown[] = [];
  const nothing = () => undefined;
  return {
    debug: nothing,
    info: nothing,
    warn: nothing,
    errors,
    error: (message, fields) => errors.push({ message, fields }),
  };
}
