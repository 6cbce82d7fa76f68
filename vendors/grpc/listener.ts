import { once } from 'node:events';
import { type AddressInfo, createServer as createPlain, isIPv6, type Server, type Socket } from 'node:net';
import { createServer as createSecure } from 'node:tls';
import { type ConnectionInjector, type Server as GrpcServer, ServerCredentials } from '@grpc/grpc-js';
import type { GrpcConfig } from './config.js';
import type { ServerTls } from './tls.js';

type Where = Pick<GrpcConfig, 'host' | 'port' | 'maxConnections' | 'handshakeTimeout'>;

/**
 * The sockets before the library, which gets connections when TLS is done: its own listener has no say in TLS versions,
 * in what becomes of callers without a certificate, or in connections that never say anything.
 */
export class Listener {
  /** Over TLS with what lies below. */
  readonly #connections = new Set<Socket>();
  /** By remote address: those whose TLS handshake has not ended. */
  readonly #handshakes = new Map<string, Socket>();
  readonly #injector: ConnectionInjector;
  #server: Server | undefined;
  #closed: Promise<unknown> | undefined;

  constructor(grpc: GrpcServer) {
    this.#injector = grpc.createConnectionInjector(ServerCredentials.createInsecure());
  }

  /**
   * @param tls `undefined` for none
   * @returns `https://127.0.0.1:9443`
   */
  async open(where: Where, tls: ServerTls | undefined): Promise<string> {
    const server = tls ? this.#secure(where, tls) : createPlain((socket) => this.#hand(socket));
    server.maxConnections = where.maxConnections;
    server.on('connection', (socket: Socket) => this.#keep(socket));
    try {
      server.listen(where.port, where.host);
      await once(server, 'listening');
    } catch (cause) {
      throw new Error(listenFault(cause, where), { cause });
    }
    this.#server = server;
    const { port } = server.address() as AddressInfo;
    return `${tls ? 'grpcs' : 'grpc'}://${isIPv6(where.host) ? `[${where.host}]` : where.host}:${port}`;
  }

  #secure({ handshakeTimeout }: Where, tls: ServerTls): Server {
    const server = createSecure({ ...tls.options, ALPNProtocols: ['h2'], handshakeTimeout: handshakeTimeout * 1000 });
    server.on('connection', (socket: Socket) => {
      const peer = peerOf(socket);
      this.#handshakes.set(peer, socket);
      socket.once('close', () => this.#handshakes.delete(peer));
    });
    server.on('secureConnection', (socket) => {
      this.#handshakes.delete(peerOf(socket));
      this.#keep(socket);
      this.#hand(socket);
    });
    // Handshakes fail every day (port scans, clients without our CA): worth a line only for who looks for it.
    server.on('tlsClientError', (error, socket) => {
      tls.onHandshakeFault(error);
      socket.destroy();
    });
    tls.onChange((context) => server.setSecureContext(context));
    return server;
  }

  #keep(socket: Socket): void {
    this.#connections.add(socket);
    socket.once('close', () => this.#connections.delete(socket));
  }

  #hand(socket: Socket): void {
    // Told again by the close that follows, which the library looks at.
    socket.on('error', () => socket.destroy());
    if (this.#closed) socket.destroy();
    else this.#injector.injectConnection(socket);
  }

  /** Takes no more connections; resolves when those that there are have ended. Ends those that have not begun to speak. */
  close(): Promise<unknown> {
    const server = this.#server;
    if (!server) return Promise.resolve();
    if (!this.#closed) {
      this.#closed = once(server, 'close');
      server.close();
      for (const socket of this.#handshakes.values()) socket.destroy();
      for (const socket of this.#connections) if (socket.bytesRead === 0) socket.destroy();
    }
    return this.#closed;
  }

  cut(): void {
    for (const connection of this.#connections) connection.destroy();
  }
}

function peerOf({ remoteAddress, remotePort }: Socket): string {
  return `${remoteAddress} ${remotePort}`;
}

function listenFault(error: unknown, { host, port }: Where): string {
  const code = error instanceof Error && 'code' in error ? String(error.code) : '';
  switch (code) {
    case 'EADDRINUSE':
      return `port ${port} of ${host} is taken by another program; give this binding another port`;
    case 'EACCES':
      return `port ${port} may not be listened on by this user; take one above 1023`;
    case 'EADDRNOTAVAIL':
      return `${host} is no address of this machine`;
    default:
      return `cannot listen on ${host}:${port}: ${error instanceof Error ? error.message : String(error)}`;
  }
}
