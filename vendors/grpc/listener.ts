import { once } from 'node:events';
import { createServer as createPlain, type Server, type Socket } from 'node:net';
import { createServer as createSecure } from 'node:tls';
import { type ConnectionInjector, type Server as GrpcServer, ServerCredentials } from '@grpc/grpc-js';
import { listen, type ServerTls } from '../../core/listening/index.js';
import type { GrpcConfig } from './config.js';

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
   * @returns `grpcs://127.0.0.1:9443`
   */
  async open(where: Where, tls: ServerTls | undefined): Promise<string> {
    const server = tls ? this.#secure(where, tls) : createPlain((socket) => this.#hand(socket));
    server.maxConnections = where.maxConnections;
    server.on('connection', (socket: Socket) => this.#keep(socket));
    const address = await listen(server, where.host, where.port);
    this.#server = server;
    return `${tls ? 'grpcs' : 'grpc'}://${address}`;
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
    tls.follow(server);
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
