import { type Duplex, Readable } from 'node:stream';
import { type IClientOptions, type IStore, MqttClient } from 'mqtt';
import { BrokerFault, faultOf } from './fault.js';
import type { Message } from './message.js';

export interface ConnectOptions {
  /** For messages to a person. */
  readonly address: string;
  readonly open: () => Duplex;
  readonly version: 5 | 4;
  readonly clientId: string;
  readonly username?: string | undefined;
  readonly password?: string | undefined;
  /** Seconds that the broker keeps what came while this client was away; 0: nothing. MQTT 3.1.1 knows no end to it. */
  readonly keepSession: number;
  readonly will?: { readonly topic: string; readonly payload: Uint8Array } | undefined;
  /** @returns whether it is taken: the broker keeps others for the next connection of this session */
  readonly onMessage: (message: Message) => boolean;
  readonly signal: AbortSignal;
}

/** What the broker said to a published message. */
export interface Published {
  /** Nobody has subscribed to the topic; only MQTT 5 tells. */
  readonly unheard: boolean;
}

const noSubscribers = 16;
const connectTimeout = 10_000;
/** Milliseconds that a broker has to close a connection that was said goodbye on. */
const goodbyeTimeout = 2_000;

/**
 * One connection to a broker, from its beginning to its end. Nothing is kept for a next one: what was not
 * acknowledged is for whoever published it, who alone knows whether it may be sent again.
 */
export class Connection {
  readonly version: 5 | 4;
  /** Resolves when the connection is no more. */
  readonly lost: Promise<BrokerFault>;
  readonly #client: MqttClient;
  readonly #address: string;
  #last: BrokerFault | undefined;
  /** Reason code of the acknowledgement that is being handled. */
  #reason = 0;
  readonly #waiting = new Set<(fault: BrokerFault) => void>();

  private constructor(client: MqttClient, { version, address }: ConnectOptions) {
    this.#client = client;
    this.#address = address;
    this.version = version;
    client.on('packetreceive', (packet) => {
      if (packet.cmd === 'puback') this.#reason = packet.reasonCode ?? 0;
    });
    client.on('error', (error) => {
      this.#last ??= faultOf(error, address);
    });
    client.on('disconnect', ({ reasonCode = 0 }) => {
      this.#last ??= new BrokerFault('away', `${address} ended the connection (reason ${reasonCode})`);
    });
    this.lost = new Promise((resolve) => {
      client.once('close', () => {
        const fault = this.#last ?? new BrokerFault('away', `the connection to ${address} broke`);
        for (const reject of this.#waiting) reject(fault);
        this.#waiting.clear();
        resolve(fault);
      });
    });
  }

  /** @throws BrokerFault, or the signal's reason */
  static async open(options: ConnectOptions): Promise<Connection> {
    options.signal.throwIfAborted();
    const client = started(options);
    const connection = new Connection(client, options);
    let taken = true;
    client.on('message', (topic, payload, packet) => {
      // What is retained was said to somebody else, some time: no call of now.
      taken = packet.retain || options.onMessage({ topic, payload, properties: packet.properties });
    });
    client.handleMessage = (_packet, done) => done(taken ? undefined : new Error('not taken'));
    const abort = (): void => connection.destroy();
    options.signal.addEventListener('abort', abort, { once: true });
    try {
      await new Promise<void>((resolve, reject) => {
        client.once('connect', () => resolve());
        void connection.lost.then((fault) => reject(fault));
      });
    } catch (error) {
      options.signal.throwIfAborted();
      throw error;
    } finally {
      options.signal.removeEventListener('abort', abort);
    }
    return connection;
  }

  /** Resolves with the broker's acknowledgement. @throws BrokerFault `denied` when the broker says no, `away` when the connection ends first */
  publish({ topic, payload, properties }: Message): Promise<Published> {
    return new Promise((resolve, reject) => {
      this.#waiting.add(reject);
      this.#client.publish(topic, asBuffer(payload), { qos: 1, ...(properties && { properties }) }, (error) => {
        this.#waiting.delete(reject);
        if (error) reject(this.#denied(error, `publish to ${topic}`));
        else resolve({ unheard: this.#reason === noSubscribers });
      });
    });
  }

  /** @throws BrokerFault as {@link publish} */
  subscribe(filters: readonly string[]): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#waiting.add(reject);
      this.#client.subscribe([...filters], { qos: 1 }, (error, granted) => {
        this.#waiting.delete(reject);
        const refused = granted?.find(({ qos }) => qos >= 128)?.topic;
        if (error || refused !== undefined) {
          reject(this.#denied(error ?? undefined, `subscribe to ${refused ?? filters.join(', ')}`));
        } else resolve();
      });
    });
  }

  /** Says goodbye; the last will is not told. */
  async close(): Promise<void> {
    this.#last ??= new BrokerFault('away', `the connection to ${this.#address} was closed`);
    this.#client.end();
    const patience = setTimeout(() => this.#client.stream.destroy(), goodbyeTimeout);
    await this.lost;
    clearTimeout(patience);
  }

  /** Breaks off. */
  destroy(): void {
    this.#last ??= new BrokerFault('away', `the connection to ${this.#address} was closed`);
    this.#client.stream.destroy();
  }

  #denied(cause: Error | undefined, what: string): BrokerFault {
    const code = cause && 'code' in cause ? cause.code : undefined;
    if (cause && typeof code !== 'number') return this.#last ?? faultOf(cause, this.#address);
    return new BrokerFault('denied', `${this.#address} does not let this client ${what}`, { cause });
  }
}

/** A key that does not fit its certificate makes Node throw at once. */
function started(options: ConnectOptions): MqttClient {
  try {
    return new MqttClient(options.open, clientOptions(options));
  } catch (cause) {
    throw faultOf(cause, options.address);
  }
}

function clientOptions({ version, clientId, username, password, keepSession, will }: ConnectOptions): IClientOptions {
  return {
    protocolVersion: version,
    clientId,
    clean: keepSession === 0,
    ...(version === 5 && keepSession > 0 && { properties: { sessionExpiryInterval: keepSession } }),
    ...(username !== undefined && { username }),
    ...(password !== undefined && { password }),
    ...(will && { will: { topic: will.topic, payload: asBuffer(will.payload), qos: 1, retain: false } }),
    connectTimeout,
    // Who dials again, and when, is not this connection's to say.
    reconnectPeriod: 0,
    resubscribe: false,
    outgoingStore: new KeepsNothing(),
    keepalive: 30,
  };
}

function asBuffer(bytes: Uint8Array): Buffer {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

/** A store for one connection: nothing of it is sent again. */
class KeepsNothing implements IStore {
  put(packet: Parameters<IStore['put']>[0], done: Parameters<IStore['put']>[1]): this {
    done();
    void packet;
    return this;
  }
  createStream(): ReturnType<IStore['createStream']> {
    return new Readable({
      objectMode: true,
      read() {
        this.push(null);
      },
    }) as unknown as ReturnType<IStore['createStream']>;
  }
  del(packet: Parameters<IStore['del']>[0], done: Parameters<IStore['del']>[1]): this {
    done(undefined, packet as never);
    return this;
  }
  get(_packet: Parameters<IStore['get']>[0], done: Parameters<IStore['get']>[1]): this {
    done(new Error('missing packet'));
    return this;
  }
  close(done: Parameters<IStore['close']>[0]): void {
    done();
  }
}
