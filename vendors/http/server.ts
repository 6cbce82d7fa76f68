import { once, setMaxListeners } from 'node:events';
import { createServer as createPlain, type Server } from 'node:http';
import { createServer as createSecure, type Server as SecureServer } from 'node:https';
import type { Socket } from 'node:net';
import { HostStatus } from '../../core/host/status.js';
import { listen, serverTls } from '../../core/listening/index.js';
import type { MountedOperation } from '../../core/operation/index.js';
import { type Binding, type BindingContext, optional } from '../../core/plugin/index.js';
import type { HttpConfig } from './config.js';
import { createDispatcher } from './dispatcher.js';
import { docsOperations } from './docs/index.js';
import { type OpenApi, openApi } from './openapi/index.js';
import { answerUnreadable } from './unreadable.js';

const parsing = {
  /** Milliseconds between looks for requests that take too long to arrive; Node's own 30 s would make the limits vague. */
  connectionsCheckingInterval: 1000,
  /** Looked at by the dispatcher: Node would answer without a body. */
  requireHostHeader: false,
  /** Node would take the first of two that may stand only once, and others on the way the second: now neither is usable. */
  joinDuplicateHeaders: true,
  /** A caller whose machine is gone is found out. */
  keepAlive: true,
  keepAliveInitialDelay: 30_000,
};

/** The host's name and version are in descriptions. */
export const uses = { host: optional(HostStatus) };
type HttpUses = typeof uses;

/** HTTP/1.1, over TLS 1.3 unless told otherwise. */
export class HttpBinding implements Binding {
  readonly #stopped = new AbortController();
  readonly #draining = new AbortController();
  readonly #over = new AbortController();
  /** Also those that have said nothing, which Node's own close...Connections() do not reach; over TLS with what lies below. */
  readonly #connections = new Set<Socket>();
  #server: Server | SecureServer | undefined;
  #address: string | undefined;

  constructor(private readonly on: BindingContext<HttpConfig, HttpUses>) {}

  addresses(): readonly string[] {
    return this.#address === undefined ? [] : [this.#address];
  }

  async start(signal: AbortSignal): Promise<void> {
    // As many listeners as there are calls under way.
    setMaxListeners(0, this.#draining.signal, this.#over.signal);
    const givenUp = AbortSignal.any([signal, this.#stopped.signal]);
    const { config, surface, log } = this.on;
    const scheme = config.tls === 'off' ? 'http' : 'https';
    const dispatch = createDispatcher({
      surface,
      log,
      scheme,
      publicUrl: config.publicUrl?.replace(/\/+$/, ''),
      bodyLimit: config.bodyLimit,
      ending: { draining: this.#draining.signal, over: this.#over.signal },
      compression: config.compression,
      docs: this.#docs(),
    });
    const server = config.tls === 'off' ? createPlain(parsing) : await this.#secureServer(givenUp);
    server.headersTimeout = config.headersTimeout * 1000;
    server.requestTimeout = config.requestTimeout * 1000;
    server.keepAliveTimeout = config.idleTimeout * 1000;
    server.timeout = config.idleTimeout * 1000;
    server.maxConnections = config.maxConnections;
    // Node says `Connection: close` with the last one.
    server.maxRequestsPerSocket = config.maxRequestsPerConnection ?? 0;
    server.on('connection', (socket: Socket) => this.#keep(socket));
    server.on('secureConnection', (socket: Socket) => this.#keep(socket));
    server.on('request', dispatch);
    server.on('clientError', answerUnreadable);
    const address = await listen(server, config.host, config.port);
    if (givenUp.aborted) {
      await this.#close(server);
      givenUp.throwIfAborted();
    }
    this.#server = server;
    this.#address = `${scheme}://${address}`;
  }

  /** Takes no more connections and waits for what is under way; idle connections are closed at once. */
  async drain(signal: AbortSignal): Promise<void> {
    const server = this.#server;
    if (!server?.listening) return;
    this.#draining.abort();
    const closed = once(server, 'close');
    server.close();
    server.closeIdleConnections();
    for (const connection of this.#connections) if (connection.bytesRead === 0) connection.destroy();
    signal.addEventListener('abort', () => this.#cut(server), { once: true });
    await closed;
  }

  async stop(): Promise<void> {
    this.#stopped.abort();
    const server = this.#server;
    this.#cut(server);
    if (server?.listening) await this.#close(server);
  }

  /** Calls hear of it at once, before their connections have closed. */
  #cut(server: Server | SecureServer | undefined): void {
    this.#draining.abort();
    this.#over.abort();
    this.#closeConnections(server);
  }

  #keep(connection: Socket): void {
    // A handshake may end after a drain has begun.
    if (this.#draining.signal.aborted) {
      connection.destroy();
      return;
    }
    this.#connections.add(connection);
    connection.once('close', () => this.#connections.delete(connection));
  }

  async #close(server: Server | SecureServer): Promise<void> {
    const closed = once(server, 'close');
    server.close();
    this.#closeConnections(server);
    await closed;
  }

  #closeConnections(server: Server | SecureServer | undefined): void {
    server?.closeAllConnections();
    for (const connection of this.#connections) connection.destroy();
  }

  async #secureServer(givenUp: AbortSignal): Promise<SecureServer> {
    const { config } = this.on;
    const tls = await serverTls(this.on, {
      hosts: config.publicUrl === undefined ? [] : [new URL(config.publicUrl).hostname],
      clientCertificate: config.clientCertificate,
      stopped: this.#stopped.signal,
    });
    givenUp.throwIfAborted();
    const server = createSecure({ ...parsing, ...tls.options, handshakeTimeout: config.headersTimeout * 1000 });
    tls.follow(server);
    return server;
  }

  #docs(): readonly MountedOperation[] {
    const { name, config, surface, uses } = this.on;
    if (!config.docs.enabled) return [];
    const describe = (): OpenApi =>
      openApi({
        title: uses.host?.profile ?? name,
        version: uses.host?.version ?? '',
        servers: [config.publicUrl ?? '/'],
        operations: surface.operations,
        schemes: (kinds) => surface.gate.schemes(kinds),
      });
    return docsOperations({ name, path: config.docs.path, describe });
  }
}
