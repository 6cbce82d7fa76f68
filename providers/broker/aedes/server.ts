import { once } from 'node:events';
import { createServer as createPlain, type Server, type Socket } from 'node:net';
import { type Duplex, duplexPair } from 'node:stream';
import { createServer as createSecure, type Server as SecureServer } from 'node:tls';
import { Aedes, type Client } from 'aedes';
import { listen, serverTls } from '../../../core/listening/index.js';
import type { Context, Lifecycle } from '../../../core/plugin/index.js';
import type { Broker } from '../../../core/ports/index.js';
import { Clients } from './clients.js';
import type { AedesConfig } from './config.js';
import { PacketLimit } from './packet-limit.js';

const connectTimeout = 10_000;

/** An MQTT 3.1.1 broker in this process: for one machine, and for tests. What it holds ends with the process. */
export class AedesBroker implements Broker, Lifecycle {
  readonly #stopped = new AbortController();
  readonly #sockets = new Set<Socket>();
  readonly #clients: Clients;
  #broker: Aedes | undefined;
  #server: Server | SecureServer | undefined;
  #address: string | undefined;

  constructor(private readonly on: Context<AedesConfig, Record<never, never>>) {
    this.#clients = new Clients(on.config);
  }

  get root(): string {
    return this.on.config.root;
  }

  connect(): Duplex {
    if (!this.#broker || this.#stopped.signal.aborted) throw new Error('the broker is not running');
    const [ours, theirs] = duplexPair();
    this.#clients.addOwn(theirs);
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
    return this.#clients.certificateOf(name);
  }

  async start(signal: AbortSignal): Promise<void> {
    const givenUp = AbortSignal.any([signal, this.#stopped.signal]);
    const { config, resolvePath } = this.on;
    await this.#clients.readPasswords(resolvePath);
    const server = config.tls === 'off' ? createPlain() : await this.#secureServer(givenUp);
    givenUp.throwIfAborted();
    // Its timers run from now on: from here, whatever fails closes it.
    const broker = await this.#makeBroker();
    server.maxConnections = config.maxConnections;
    server.on('connection', (socket: Socket) => this.#keep(socket));
    server.on(config.tls === 'off' ? 'connection' : 'secureConnection', (socket: Socket) => {
      limit(socket, config.maxPacket);
      broker.handle(socket.setNoDelay(true));
    });
    const port = config.port ?? (config.tls === 'off' ? 1883 : 8883);
    let address: string;
    try {
      address = await listen(server, config.host, port);
      givenUp.throwIfAborted();
    } catch (error) {
      server.close();
      await closed(broker);
      throw error;
    }
    this.#broker = broker;
    this.#server = server;
    this.#address = `${config.tls === 'off' ? 'mqtt' : 'mqtts'}://${address}`;
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

  async #secureServer(givenUp: AbortSignal): Promise<SecureServer> {
    const { config } = this.on;
    // Who shows no certificate may still have an account.
    const clientCertificate = config.users.length > 0 ? 'request' : 'require';
    const tls = await serverTls(this.on, { clientCertificate, stopped: this.#stopped.signal });
    givenUp.throwIfAborted();
    const server = createSecure({ ...tls.options, handshakeTimeout: connectTimeout });
    tls.follow(server);
    return server;
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
        const refusal = this.#clients.admit(client, username, password);
        if (refusal) log.debug('a client is refused', { client: client.id, why: refusal.message });
        done(refusal ?? null, refusal === undefined);
      },
      authorizePublish: (client, packet, done) => {
        const fault = this.#clients.publishFault(client, packet.topic, packet.retain);
        if (fault) log.debug('a message is refused', { client: client?.id, topic: packet.topic });
        done(fault ?? null);
      },
      authorizeSubscribe: (client, subscription, done) =>
        done(null, this.#clients.maySubscribe(client, subscription.topic) ? subscription : null),
    });
    const failed = (client: Client, error: Error): void =>
      log.debug('a client of the broker failed', { client: client.id, error });
    broker.on('clientError', failed);
    broker.on('connectionError', failed);
    return broker;
  }

  #keep(socket: Socket): void {
    this.#sockets.add(socket);
    socket.once('close', () => this.#sockets.delete(socket));
  }
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

function closed(broker: Aedes): Promise<void> {
  return new Promise((resolve) => {
    broker.close(() => resolve());
  });
}
