import { createHash, timingSafeEqual } from 'node:crypto';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { type AddressInfo, createServer as createPlain, isIPv6, type Server, type Socket } from 'node:net';
import { join } from 'node:path';
import { type Duplex, duplexPair } from 'node:stream';
import { createServer as createSecure, type Server as SecureServer, TLSSocket } from 'node:tls';
import { Aedes, type AuthenticateError, type Client } from 'aedes';
import { configuredIdentity, developmentIdentity, parseCertificate } from '../../../core/identity/index.js';
import type { Context, Lifecycle } from '../../../core/plugin/index.js';
import type { Broker } from '../../../core/ports/index.js';
import type { AedesConfig } from './config.js';
import { isOwn, levelFault } from './confinement.js';
import { PacketLimit } from './packet-limit.js';

const badCredentials = 4;
const notAuthorized = 5;
const connectTimeout = 10_000;

/** An MQTT 3.1.1 broker in this process: for one machine, and for tests. What it holds ends with the process. */
export class AedesBroker implements Broker, Lifecycle {
  readonly #stopped = new AbortController();
  readonly #ours = new WeakSet<Duplex>();
  readonly #ourIds = new Set<string>();
  readonly #sockets = new Set<Socket>();
  /** Names of those that have shown who they are. */
  readonly #names = new WeakMap<Client, string>();
  readonly #clients = new Map<string, Set<Client>>();
  #passwords: ReadonlyMap<string, Buffer> = new Map();
  #broker: Aedes | undefined;
  #server: Server | SecureServer | undefined;
  #address: string | undefined;

  constructor(private readonly on: Context<AedesConfig, Record<never, never>>) {}

  connect(): Duplex {
    if (!this.#broker || this.#stopped.signal.aborted) throw new Error('the broker is not running');
    const [ours, theirs] = duplexPair();
    this.#ours.add(theirs);
    // One end of a pair does not hear of it when the other is destroyed.
    theirs.once('close', () => ours.destroy());
    ours.once('close', () => theirs.destroy());
    this.#broker.handle(theirs);
    return ours;
  }

  addresses(): readonly string[] {
    return this.#address === undefined ? [] : [this.#address];
  }

  certificateOf(name: string): Uint8Array | undefined {
    for (const { conn } of this.#clients.get(name) ?? []) {
      const certificate = clientCertificate(conn);
      if (certificate) return certificate;
    }
    return undefined;
  }

  async start(signal: AbortSignal): Promise<void> {
    const givenUp = AbortSignal.any([signal, this.#stopped.signal]);
    const { config, resolvePath } = this.on;
    this.#passwords = new Map(
      await Promise.all(
        config.users.map(async ({ name, passwordFile }) => [name, await digestIn(resolvePath(passwordFile))] as const),
      ),
    );
    const broker = await this.#makeBroker();
    const server = config.tls === 'off' ? createPlain() : await this.#secureServer(givenUp);
    server.maxConnections = config.maxConnections;
    server.on('connection', (socket: Socket) => this.#keep(socket));
    server.on(config.tls === 'off' ? 'connection' : 'secureConnection', (socket: Socket) => {
      limit(socket, config.maxPacket);
      broker.handle(socket.setNoDelay(true));
    });
    const port = config.port ?? (config.tls === 'off' ? 1883 : 8883);
    try {
      givenUp.throwIfAborted();
      server.listen(port, config.host);
      await once(server, 'listening', { signal: givenUp });
    } catch (cause) {
      server.close();
      await closed(broker);
      givenUp.throwIfAborted();
      throw new Error(listenFault(cause, config.host, port), { cause });
    }
    this.#broker = broker;
    this.#server = server;
    const { port: taken } = server.address() as AddressInfo;
    this.#address = `${config.tls === 'off' ? 'mqtt' : 'mqtts'}://${isIPv6(config.host) ? `[${config.host}]` : config.host}:${taken}`;
  }

  async stop(): Promise<void> {
    this.#stopped.abort();
    this.#address = undefined;
    const server = this.#server;
    this.#server = undefined;
    const ended = server?.listening ? once(server, 'close') : undefined;
    server?.close();
    if (this.#broker) await closed(this.#broker);
    this.#broker = undefined;
    for (const socket of this.#sockets) socket.destroy();
    await ended;
  }

  async #makeBroker(): Promise<Aedes> {
    const { config, log } = this.on;
    const broker = await Aedes.createBroker({
      connectTimeout,
      drainTimeout: config.drainTimeout * 1000,
      maxClientsIdLength: 256,
      maxTopicLevels: 8,
      maxInflightInbound: 16,
      authenticate: (client, username, password, done) => {
        const refusal = this.#admit(client, username, password);
        if (refusal) log.debug('a client is refused', { client: client.id, why: refusal.message });
        done(refusal ?? null, refusal === undefined);
      },
      authorizePublish: (client, packet, done) => {
        const fault = this.#mayPublish(client, packet.topic, packet.retain);
        if (fault) log.debug('a message is refused', { client: client?.id, topic: packet.topic });
        done(fault ?? null);
      },
      authorizeSubscribe: (client, subscription, done) =>
        done(null, this.#isTheirs(client, subscription.topic) ? subscription : null),
    });
    const failed = (client: Client, error: Error): void =>
      log.debug('a client of the broker failed', { client: client.id, error });
    broker.on('clientError', failed);
    broker.on('connectionError', failed);
    return broker;
  }

  /**
   * The name of a client is its certificate's common name, else its user's, else (where there are no accounts) its
   * client id. A session that outlasts its connection is only for a client whose id is its name, so that nobody can
   * take up another's.
   */
  #admit(client: Client, username: string | undefined, password: Buffer | undefined): AuthenticateError | undefined {
    if (this.#ours.has(client.conn)) {
      this.#ourIds.add(client.id);
      return undefined;
    }
    const name = this.#nameOf(client, username, password);
    if (name === undefined) return refused(badCredentials, 'wrong user or password, or no certificate');
    if (levelFault(name) !== undefined) return refused(notAuthorized, 'its name cannot be a level of a topic');
    if (this.#ourIds.has(client.id) || (client.id !== name && (!client.clean || this.#isAnothers(client.id, name)))) {
      return refused(notAuthorized, 'this client id is for the client of that name');
    }
    this.#names.set(client, name);
    this.#clients.set(name, (this.#clients.get(name) ?? new Set()).add(client));
    client.conn.once('close', () => this.#forget(client, name));
    return undefined;
  }

  #nameOf({ id, conn }: Client, username: string | undefined, password: Buffer | undefined): string | undefined {
    const { users, clientCa } = this.on.config;
    const certificate = clientCertificate(conn);
    if (certificate) {
      const { commonName } = parseCertificate(Buffer.from(certificate));
      // Who has the password of an account must not pass for who has the certificate.
      return commonName !== undefined && this.#passwords.has(commonName) ? undefined : commonName;
    }
    if (users.length > 0) return this.#isPassword(username, password) ? username : undefined;
    return clientCa === undefined ? id : undefined;
  }

  /** Whether a client id is that of somebody else's account, or of somebody else who is connected. */
  #isAnothers(id: string, name: string): boolean {
    if (this.#passwords.has(id)) return true;
    return [...this.#clients].some(([other, clients]) => other !== name && [...clients].some((one) => one.id === id));
  }

  #isPassword(username: string | undefined, password: Buffer | undefined): boolean {
    const wanted = username === undefined ? undefined : this.#passwords.get(username);
    const shown = digest(password ?? Buffer.alloc(0));
    // Compared in any case, so that unknown users take as long as known ones.
    return timingSafeEqual(wanted ?? shown, shown) && wanted !== undefined;
  }

  #mayPublish(client: Client | null, topic: string, retain: boolean): Error | undefined {
    if (client === null || this.#ours.has(client.conn)) return undefined;
    if (!this.#isTheirs(client, topic)) return new Error('not below its own name');
    return retain ? new Error('nothing is retained here') : undefined;
  }

  #isTheirs(client: Client, topic: string): boolean {
    if (this.#ours.has(client.conn)) return true;
    const name = this.#names.get(client);
    return name !== undefined && isOwn(this.on.config.root, name, topic);
  }

  #forget(client: Client, name: string): void {
    const known = this.#clients.get(name);
    known?.delete(client);
    if (known?.size === 0) this.#clients.delete(name);
  }

  #keep(socket: Socket): void {
    this.#sockets.add(socket);
    socket.once('close', () => this.#sockets.delete(socket));
  }

  async #secureServer(givenUp: AbortSignal): Promise<SecureServer> {
    const { config, dataDir, clock, resolvePath, log } = this.on;
    const identity =
      config.certificate !== undefined && config.key !== undefined
        ? configuredIdentity({ certificate: resolvePath(config.certificate), key: resolvePath(config.key) })
        : developmentIdentity({ directory: join(dataDir, 'pki'), hosts: certified(config), now: () => clock.now() });
    const { cert, key } = await identity.material();
    const ca = config.clientCa === undefined ? undefined : await readFile(resolvePath(config.clientCa));
    givenUp.throwIfAborted();
    const secure = { minVersion: `TLSv${config.minTls}`, ...(ca && { ca }) } as const;
    const server = createSecure({
      ...secure,
      cert,
      key,
      handshakeTimeout: connectTimeout,
      // Who shows none may still have an account.
      ...(ca && { requestCert: true, rejectUnauthorized: config.users.length === 0 }),
    });
    identity.watch(
      (material) => {
        server.setSecureContext({ ...secure, cert: material.cert, key: material.key });
        log.info('the server certificate was replaced', { notAfter: material.certificate.notAfter.toISOString() });
      },
      this.#stopped.signal,
      (fault) => log.warn('the new server certificate cannot be used; the one before stays', { error: fault }),
    );
    server.on('tlsClientError', (error, socket) => {
      log.debug('a TLS handshake failed', { error });
      socket.destroy();
    });
    return server;
  }
}

function clientCertificate(connection: Duplex): Uint8Array | undefined {
  return connection instanceof TLSSocket && connection.authorized ? connection.getPeerCertificate().raw : undefined;
}

function refused(returnCode: number, why: string): AuthenticateError {
  return Object.assign(new Error(why), { returnCode });
}

/** aedes takes packets of any size, and reads by `read()` alone: what it reads is looked at on the way. */
function limit(socket: Socket, bytes: number): void {
  const packets = new PacketLimit(bytes);
  const read = socket.read.bind(socket);
  socket.read = (size?: number) => {
    const chunk = read(size) as Buffer | null;
    if (chunk === null || packets.take(chunk)) return chunk;
    socket.destroy(new Error(`a packet has more than ${bytes} bytes`));
    return null;
  };
}

function digest(password: Uint8Array): Buffer {
  return createHash('sha256').update(password).digest();
}

async function digestIn(file: string): Promise<Buffer> {
  const password = (await readFile(file, 'utf8')).replace(/\r?\n$/, '');
  if (password === '') throw new Error(`${file} is empty: an account needs a password`);
  return digest(Buffer.from(password));
}

function certified({ host, hosts }: AedesConfig): string[] {
  return [...(host === '0.0.0.0' || host === '::' ? [] : [host]), ...hosts];
}

function closed(broker: Aedes): Promise<void> {
  return new Promise((resolve) => {
    broker.close(() => resolve());
  });
}

function listenFault(error: unknown, host: string, port: number): string {
  const code = error instanceof Error && 'code' in error ? String(error.code) : '';
  switch (code) {
    case 'EADDRINUSE':
      return `port ${port} of ${host} is taken by another program; give this broker another port`;
    case 'EACCES':
      return `port ${port} may not be listened on by this user; take one above 1023`;
    case 'EADDRNOTAVAIL':
      return `${host} is no address of this machine`;
    default:
      return `cannot listen on ${host}:${port}: ${error instanceof Error ? error.message : String(error)}`;
  }
}
